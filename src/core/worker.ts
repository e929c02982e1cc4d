import { EXIT } from "./errors.js";

/** The environment variable of a process that works for another one of ours and must not outlive it. */
export const WORKER = "LLMREC_WORKER";

/** Ends this process when its parent has, whatever ended that: its input is a pipe from it. Does nothing in a process of a user. */
export function endWithParent(): void {
  if (process.env[WORKER] !== "1") return;
  process.stdin.once("close", () => process.exit(EXIT.interrupted));
  process.stdin.resume();
  const pipe: { unref?(): void } = process.stdin;
  pipe.unref?.();
}
