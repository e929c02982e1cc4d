import { freemem } from "node:os";
import { UsageError } from "../../core/errors.js";

/** Bytes that this process may still take. */
export function freeMemory(): number {
  const { availableMemory } = process as { availableMemory?: () => number };
  return availableMemory?.call(process) ?? freemem();
}

/** `3.2 GB`, `640 MB`: decimal units. */
export function formatBytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.ceil(bytes / 1e6)} MB`;
}

/**
 * Refuses work that can't fit. Without this check the system would kill the process, or swap for hours.
 * @param needed - estimated bytes at the work's peak.
 */
export function requireMemory(
  what: string,
  needed: number,
  free = freeMemory(),
  hint = "Use a smaller batch, or the same batch in parts by gradient accumulation.",
): void {
  if (needed <= free) return;
  throw new UsageError(
    "OUT_OF_MEMORY",
    `${what} needs about ${formatBytes(needed)} of memory, and ${formatBytes(free)} are free`,
    { hint },
  );
}
