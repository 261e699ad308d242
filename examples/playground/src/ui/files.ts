// Files that leave the page, and those that are dropped on it.

import { at, h } from "./dom.js";

export function download(name: string, data: Uint8Array | string, type: string): void {
  const url = URL.createObjectURL(new Blob([data as BlobPart], { type }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** The page says that a file may be dropped while one is dragged over it. */
export function onDrop(take: (file: File) => void): void {
  const curtain = at("drop");
  const hasFile = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes("Files") ?? false;
  addEventListener("dragover", (event) => {
    if (!hasFile(event)) return;
    event.preventDefault();
    curtain.hidden = false;
  });
  addEventListener("dragleave", ({ relatedTarget }) => {
    if (relatedTarget === null) curtain.hidden = true;
  });
  addEventListener("drop", (event) => {
    if (!hasFile(event)) return;
    event.preventDefault();
    curtain.hidden = true;
    const file = event.dataTransfer?.files[0];
    if (file) take(file);
  });
}
