import { existsSync } from "node:fs";
import { join } from "node:path";
import { InterruptedError, ProviderError } from "../../core/errors.js";
import type { CallContext } from "../language-model.js";
import { hubCacheDir, RepositoryCache } from "./cache.js";
import { connectHub } from "./client.js";
import { checksumOf, fetchFile, type HubFile } from "./fetch-file.js";

export interface DownloadOptions {
  /** Branch, tag or commit. Default main. */
  readonly revision?: string;
  /** Never ask the network. Also set by HF_HUB_OFFLINE=1. */
  readonly offline?: boolean;
  /** HF_HOME, HF_HUB_CACHE, HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE are read from here. Default process.env. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Tries for each file. Default 3. */
  readonly tries?: number;
}

const SMALL_FILES = new Set([
  "config.json",
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "chat_template.jinja",
  "model.safetensors.index.json",
]);

/** The files that are needed to run a model: its weights in safetensors, else its ONNX export; no pickles, no other formats. */
export function neededFiles(files: readonly HubFile[]): HubFile[] {
  const top = files.filter(({ path }) => !path.includes("/"));
  const small = top.filter(({ path }) => SMALL_FILES.has(path));
  const weights = top.filter(({ path }) => path.endsWith(".safetensors"));
  // A repository may hold a consolidated copy beside the usual file or shards.
  const usual = weights.filter(({ path }) => /^model(-\d+-of-\d+)?\.safetensors$/.test(path));
  if (weights.length > 0) return [...small, ...(usual.length > 0 ? usual : weights)];
  const exported = files.filter(({ path }) => /^onnx\/model\.onnx(_data)?$/.test(path));
  return [...small, ...exported];
}

/**
 * The folder of a Hub model, downloaded if it isn't in the cache yet. The cache is the one of Python's huggingface_hub.
 * @throws ProviderError: no such model, no access, no network, not in the cache when offline, a broken download.
 */
export async function downloadModel(
  repository: string,
  { progress, signal }: Pick<CallContext, "progress" | "signal">,
  options: DownloadOptions = {},
): Promise<string> {
  const { revision = "main", environment = process.env, tries = 3 } = options;
  const cache = new RepositoryCache(hubCacheDir(environment), repository);
  const offline = options.offline ?? isOn(environment.HF_HUB_OFFLINE);
  if (offline) return offlineFolder(cache, repository, revision);
  const hub = await connectHub(repository, environment);
  const commit = await hub.commit(revision);
  const files = neededFiles(await hub.files(commit));
  const missing = files.filter(({ path }) => !existsSync(join(cache.snapshot(commit), path)));
  const total = missing.reduce((sum, { size }) => sum + size, 0);
  const step = progress.start(`downloading ${repository} (MB)`, Math.ceil(total / 1e6));
  let came = 0;
  for (const file of missing) {
    const blob = cache.blob(checksumOf(file));
    const before = came;
    for (let attempt = 1; !existsSync(blob); attempt++) {
      came = before;
      try {
        await fetchFile(
          file,
          blob,
          (from) => hub.slice(file, commit, from),
          signal,
          (bytes) => {
            came += bytes;
            step.update(Math.floor(came / 1e6), file.path);
          },
        );
      } catch (error) {
        if (attempt >= tries || error instanceof InterruptedError) throw hub.explain(error);
      }
    }
    await cache.place(checksumOf(file), commit, file.path);
  }
  await cache.remember(revision, commit);
  step.end();
  return cache.snapshot(commit);
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && ["1", "true", "yes", "on"].includes(value.toLowerCase());
}

async function offlineFolder(cache: RepositoryCache, repository: string, revision: string): Promise<string> {
  const commit = await cache.commitOf(revision);
  const hint = `Download it once with the network on: llmrec models pull ${repository}.`;
  if (commit === undefined) {
    throw new ProviderError("NOT_IN_CACHE", `offline, and ${repository} (${revision}) isn't in the cache`, {
      hint,
    });
  }
  const folder = cache.snapshot(commit);
  if (!existsSync(join(folder, "config.json"))) {
    throw new ProviderError("NOT_IN_CACHE", `offline, and the cached ${repository} lacks config.json`, {
      file: folder,
      hint,
    });
  }
  return folder;
}
