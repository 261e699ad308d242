// Where training states are kept.

import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A folder: on a disk, or on a file system that is mounted (EFS). */
export function folderStore(folder) {
  const pathOf = (key) => join(folder, `${encodeURIComponent(key)}.safetensors`);
  return {
    async get(key) {
      try {
        return await readFile(pathOf(key));
      } catch (error) {
        if (error.code === "ENOENT") return undefined;
        throw error;
      }
    },
    async put(key, bytes) {
      await mkdir(folder, { recursive: true });
      await writeFile(`${pathOf(key)}.part`, bytes);
      await rename(`${pathOf(key)}.part`, pathOf(key)); // never half a file
    },
  };
}

/** A bucket; `sdk` is what `@aws-sdk/client-s3` exports, which Lambda's runtime has. */
export function bucketStore({ S3Client, GetObjectCommand, PutObjectCommand }, bucket) {
  const client = new S3Client();
  const place = (key) => ({ Bucket: bucket, Key: `${encodeURIComponent(key)}.safetensors` });
  return {
    async get(key) {
      try {
        const { Body } = await client.send(new GetObjectCommand(place(key)));
        return await Body.transformToByteArray();
      } catch (error) {
        if (error.name === "NoSuchKey") return undefined;
        throw error;
      }
    },
    async put(key, bytes) {
      await client.send(new PutObjectCommand({ ...place(key), Body: bytes }));
    },
  };
}
