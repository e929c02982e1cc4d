import { availableParallelism } from "node:os";
import type { InferenceSession } from "onnxruntime-node";
import { ProviderError, UsageError } from "../../core/errors.js";
import { suggestName } from "../../core/names.js";
import { GraphBuilder } from "../onnx/graph-builder.js";

/** Where a graph can run: the processor, NVIDIA's CUDA, WebGPU, Apple's CoreML, or DirectML on Windows. */
export const PROVIDERS = ["cpu", "cuda", "webgpu", "coreml", "dml"] as const;
export type Provider = (typeof PROVIDERS)[number];

export interface DeviceOptions {
  /** Default: `cpu`. */
  provider?: Provider;
  /**
   * Threads of one operation; default: the number of cores. ONNX Runtime's own default is slower on small machines.
   */
  threads?: number;
}

let chosen: DeviceOptions = {};

/**
 * Chooses where this process runs every graph that does not say so itself. Results on one provider are the same bits
 * for any number of threads; another provider rounds differently.
 * @throws UsageError for an unknown provider or a bad thread count; ProviderError naming those that are present, where
 * the provider can't be started.
 */
export async function chooseDevice({
  provider,
  threads,
}: {
  provider?: string;
  threads?: number;
}): Promise<void> {
  const next: DeviceOptions = {
    ...(provider !== undefined && { provider: parseProvider(provider) }),
    ...(threads !== undefined && { threads: threadCount(threads) }),
  };
  if (next.provider !== undefined && next.provider !== "cpu" && !(await starts(next.provider)))
    throw await missing(next.provider);
  chosen = next;
}

/** Where a graph runs: as it says itself, else as {@link chooseDevice} was told, else on all cores of the processor. */
export function deviceOf(options: DeviceOptions = {}): Required<DeviceOptions> {
  return {
    provider: options.provider ?? chosen.provider ?? "cpu",
    threads: threadCount(options.threads ?? chosen.threads),
  };
}

/**
 * The module, loaded when the first graph runs. Its warnings about graphs are for its developers and stay silent.
 */
export async function loadRuntime(): Promise<typeof import("onnxruntime-node")> {
  const loaded = await import("onnxruntime-node");
  // A CommonJS package: some loaders put its exports on the module itself, Node on `default`.
  const runtime = "InferenceSession" in loaded ? loaded : (loaded as { default: typeof loaded }).default;
  runtime.env.logLevel = "fatal";
  return runtime;
}

/** Checks a provider's name, as a user typed it. */
export function parseProvider(name: string): Provider {
  const provider = PROVIDERS.find((known) => known === name);
  if (provider === undefined) {
    throw new UsageError("UNKNOWN_PROVIDER", `unknown execution provider ${name}`, {
      hint: suggestName(name, PROVIDERS),
    });
  }
  return provider;
}

function threadCount(threads: number | undefined): number {
  if (threads === undefined) return availableParallelism();
  if (!Number.isInteger(threads) || threads < 1) {
    throw new UsageError("BAD_THREADS", `threads must be a whole number of at least 1, got ${threads}`);
  }
  return threads;
}

/**
 * A session's options: the provider alone (an operation it lacks still runs on the processor), and always a thread
 * count.
 */
export function sessionOptions(options: DeviceOptions): InferenceSession.SessionOptions {
  const { provider, threads } = deviceOf(options);
  return {
    executionProviders: provider === "cpu" ? ["cpu"] : [provider, "cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // An arena keeps a graph's most memory for as long as the session lives, and a training run has a graph for each shape.
    enableCpuMemArena: false,
    logSeverityLevel: 4,
  };
}

/**
 * The names that this build of the runtime knows. Another name it ignores without a word, and runs on the
 * processor.
 */
async function listed(): Promise<string[]> {
  const runtime = await loadRuntime();
  return runtime.listSupportedBackends().map(({ name }) => name);
}

async function starts(provider: Provider): Promise<boolean> {
  if (!(await listed()).includes(provider)) return false;
  const graph = new GraphBuilder("probe");
  const x = graph.input("x", "float32", [1]);
  graph.output(graph.node("Neg", [x]), "float32", [1]);
  const runtime = await loadRuntime();
  try {
    const session = await runtime.InferenceSession.create(graph.build().model, sessionOptions({ provider }));
    await session.release();
    return true;
  } catch {
    return false;
  }
}

/** The providers that can run a graph on this machine: each is tried. */
export async function presentProviders(): Promise<Provider[]> {
  const present: Provider[] = [];
  for (const provider of PROVIDERS) if (await starts(provider)) present.push(provider);
  return present;
}

async function missing(provider: Provider, cause?: unknown): Promise<ProviderError> {
  return new ProviderError("PROVIDER_MISSING", `the execution provider ${provider} is not on this machine`, {
    hint: `Present: ${(await presentProviders()).join(", ")}.`,
    cause,
  });
}

/**
 * Opens a session for a model.
 * @param level - how far the runtime may rewrite the graph; default: as far as it can.
 * @throws ProviderError naming the providers that are present, where the one asked for can't be started.
 */
export async function openSession(
  model: Uint8Array,
  options: DeviceOptions,
  level: "basic" | "all" = "all",
): Promise<InferenceSession> {
  const runtime = await loadRuntime();
  const { provider } = deviceOf(options);
  if (!(await listed()).includes(provider)) throw await missing(provider);
  try {
    return await runtime.InferenceSession.create(model, {
      ...sessionOptions(options),
      graphOptimizationLevel: level,
    });
  } catch (cause) {
    if (await starts(provider)) throw cause;
    throw await missing(provider, cause);
  }
}
