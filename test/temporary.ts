import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Gives all tests one folder for temporary files, and takes it away after them. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "llmrec-tests-"));
  process.env.TMPDIR = folder;
  return () => {
    rmSync(folder, { recursive: true, force: true });
  };
}
