import { Flags } from "@oclif/core";

/** The flags of every command that trains or runs models: where it computes. They change no run's name. */
export const deviceFlags = {
  provider: Flags.string({
    env: "LLMREC_PROVIDER",
    summary: "Where models are trained: cpu, cuda, webgpu, coreml or dml.",
    helpValue: "NAME",
  }),
  threads: Flags.integer({
    env: "LLMREC_THREADS",
    summary: "Threads of a computation; all cores by default. The results are the same bits for any number.",
    helpValue: "N",
  }),
};

/**
 * Chooses the device before anything is computed.
 * @throws UsageError and ProviderError of {@link chooseDevice}.
 */
export async function useDevice(flags: { provider?: string; threads?: number }): Promise<void> {
  if (flags.provider === undefined && flags.threads === undefined) return;
  const { chooseDevice } = await import("../../src/engine/run/providers.js");
  await chooseDevice(flags);
}
