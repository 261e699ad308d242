/** Lets the host do its work, then goes on: a macrotask, without the 4 ms that nested timers cost. */
export const yieldToHost: () => Promise<void> =
  typeof setImmediate === "function"
    ? () => new Promise((resolve) => setImmediate(resolve))
    : typeof MessageChannel === "function"
      ? throughChannel()
      : () => new Promise((resolve) => setTimeout(resolve));

function throughChannel(): () => Promise<void> {
  let channel: MessageChannel | undefined; // opened at the first use: importing the library does nothing
  const waiting: (() => void)[] = [];
  return () =>
    new Promise((resolve) => {
      if (!channel) {
        channel = new MessageChannel();
        channel.port1.onmessage = () => waiting.shift()?.();
      }
      waiting.push(resolve);
      channel.port2.postMessage(null);
    });
}
