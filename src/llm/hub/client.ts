import { LlmrecError, ProviderError } from "../../core/errors.js";
import { fileError } from "../../core/files.js";
import type { HubFile } from "./fetch-file.js";

/** One repository on a Hub. */
export interface HubRepository {
  /** The commit that a branch or tag stands for. */
  commit(revision: string): Promise<string>;
  files(commit: string): Promise<HubFile[]>;
  /** A file's bytes from an offset on. */
  slice(file: HubFile, commit: string, from: number): Promise<Blob>;
  /** Any failure as an error that says what to do, without the token. */
  explain(error: unknown): unknown;
}

/** Connects to a repository through @huggingface/hub, at HF_ENDPOINT and with HF_TOKEN where they are set. */
export async function connectHub(
  repository: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<HubRepository> {
  const { downloadFile, listFiles, modelInfo } = await import("@huggingface/hub");
  const hubUrl = (environment.HF_ENDPOINT ?? "https://huggingface.co").replace(/\/+$/, "");
  const token = environment.HF_TOKEN;
  const access = { hubUrl, ...(token ? { accessToken: token } : {}) };
  const explain = (error: unknown) => hubError(error, repository, hubUrl, token);
  const explained = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw explain(error);
    }
  };
  return {
    explain,
    commit: (revision) =>
      explained(async () => {
        const info = await modelInfo({ ...access, name: repository, revision, additionalFields: ["sha"] });
        return info.sha;
      }),
    files: (commit) =>
      explained(async () => {
        const found: HubFile[] = [];
        const entries = listFiles({ ...access, repo: repository, revision: commit, recursive: true });
        for await (const { type, path, size, oid, lfs } of entries) {
          if (type === "file") found.push({ path, size: lfs?.size ?? size, sha256: lfs?.oid, gitId: oid });
        }
        return found;
      }),
    slice: (file, commit, from) =>
      explained(async () => {
        const blob = await downloadFile({ ...access, repo: repository, path: file.path, revision: commit });
        if (blob === null) throw new ProviderError("HUB_FAILED", `${repository} has no ${file.path}`);
        return from === 0 ? blob : blob.slice(from);
      }),
  };
}

function hubError(error: unknown, repository: string, hubUrl: string, token: string | undefined): unknown {
  if (error instanceof LlmrecError) return error;
  const local = fileError(error, repository);
  if (local instanceof LlmrecError) return local;
  const { statusCode } = error as { statusCode?: number };
  if (statusCode === 404) {
    return new ProviderError("NO_MODEL", `${hubUrl} has no model ${repository} at this revision`, {
      hint: "Check the name; a private model needs HF_TOKEN.",
    });
  }
  if (statusCode === 401 || statusCode === 403) {
    return new ProviderError("NO_ACCESS", `${hubUrl} gives no access to ${repository}`, {
      hint: "Accept the model's licence on its page and set HF_TOKEN.",
    });
  }
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  const text = inner instanceof Error ? inner.message : String(inner);
  const message = token ? text.replaceAll(token, "[token]") : text;
  return new ProviderError("HUB_FAILED", `${hubUrl}: ${message.replace(/\s+/g, " ").slice(0, 300)}`, {
    hint: "Check the network; with the model in the cache, --offline or HF_HUB_OFFLINE=1 works without.",
  });
}
