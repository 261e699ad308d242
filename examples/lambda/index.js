// What Lambda calls: index.handler, with the bucket's name in BUCKET.

import * as sdk from "@aws-sdk/client-s3"; // of Lambda's runtime
import { createHandler } from "./handler.js";
import { bucketStore } from "./stores.js";

export const handler = createHandler(bucketStore(sdk, process.env.BUCKET));
