import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeAll, afterAll, beforeEach, describe, expect, it } from "vitest";
import { EXIT, LlmrecError } from "../../../src/core/errors.js";
import { hubCacheDir } from "../../../src/llm/hub/cache.js";
import { downloadModel } from "../../../src/llm/hub/download.js";
import { openLanguageModel } from "../../../src/llm/open.js";
import { callContext, goldenModel, temporaryFolder } from "../tiny-models.js";
import { COMMIT, type HubServer, startHub } from "./hub-server.js";

const TOKEN = "hf_secret_token";

let root: string;
let files: Record<string, Buffer>;
let hub: HubServer;
let home: string;
let count = 0;

beforeAll(async () => {
  root = await temporaryFolder();
  const model = await goldenModel(root, "llama");
  files = Object.fromEntries(readdirSync(model).map((name) => [name, readFileSync(join(model, name))]));
  files["README.md"] = Buffer.from("# tiny");
  files["pytorch_model.bin"] = Buffer.from("pickle");
  files["onnx/model.onnx"] = Buffer.from("onnx");
});
afterAll(() => rm(root, { recursive: true, force: true }));
beforeEach(async () => {
  home = join(root, `home-${count++}`);
  hub = await startHub(files, ["model.safetensors"]);
});
afterEach(() => hub.close());

const environment = (more: object = {}) => ({
  HF_HOME: home,
  HF_ENDPOINT: hub.url,
  HF_TOKEN: TOKEN,
  ...more,
});
const pull = (more: object = {}, options: object = {}) =>
  downloadModel("ORG/tiny", callContext(), { environment: environment(more), ...options });

async function failure(work: Promise<unknown>): Promise<LlmrecError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LlmrecError);
  expect((error as LlmrecError).message).not.toContain(TOKEN);
  return error as LlmrecError;
}

const weightsBlob = () => {
  const blobs = join(home, "hub/models--ORG--tiny/blobs");
  const name = readdirSync(blobs).find((file) => file.startsWith(sha256Name()));
  return join(blobs, name ?? "none");
};
const sha256Name = () => blobNames.get("model.safetensors")!;
const blobNames = new Map<string, string>();
beforeAll(async () => {
  const { sha256 } = await import("../../../src/core/hash.js");
  blobNames.set("model.safetensors", sha256(files["model.safetensors"]));
});

describe("a Hub model", () => {
  it("is downloaded once, in Python's layout, with the token, and only what is needed", async () => {
    const folder = await pull();
    expect(folder).toBe(join(home, "hub/models--ORG--tiny/snapshots", COMMIT));
    expect(readdirSync(folder).sort()).toEqual(
      ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"].sort(),
    );
    expect(await readFile(join(folder, "model.safetensors"))).toEqual(files["model.safetensors"]);
    expect(await readFile(join(home, "hub/models--ORG--tiny/refs/main"), "utf8")).toBe(COMMIT);
    expect(hub.requests.every(({ authorization }) => authorization === `Bearer ${TOKEN}`)).toBe(true);
    const before = hub.requests.length;
    expect(await pull()).toBe(folder);
    const resolved = hub.requests.slice(before).filter(({ path }) => path.includes("/resolve/"));
    expect(resolved).toEqual([]);
  });

  it("runs offline afterwards, and only then", async () => {
    const error = await failure(pull({ HF_HUB_OFFLINE: "1" }));
    expect(error).toMatchObject({ code: "NOT_IN_CACHE", exit: EXIT.provider });
    expect(error.hint).toContain("llmrec models pull ORG/tiny");
    const folder = await pull();
    const { length } = hub.requests;
    expect(await pull({ HF_HUB_OFFLINE: "1" })).toBe(folder);
    expect(await pull({}, { offline: true })).toBe(folder);
    expect(hub.requests.length).toBe(length);
    const model = await openLanguageModel({ kind: "dir", path: folder }, callContext(), {
      local: { cacheDir: join(root, "cache") },
    });
    const [{ tokens }] = await model.generate(["Yes"], { maxNewTokens: 2 }, callContext());
    expect(tokens!.length).toBe(2);
    await model.close();
  });

  it("goes on where a download stopped", async () => {
    hub.tamper = (path, content, response) => {
      if (path !== "model.safetensors") return undefined;
      response.writeHead(200, { "content-length": String(content.length) });
      response.write(content.subarray(0, 20_000));
      setTimeout(() => response.destroy(), 500);
      return undefined;
    };
    const error = await failure(pull({}, { tries: 1 }));
    expect(error.exit).toBe(EXIT.provider);
    const partial = weightsBlob();
    expect(partial).toMatch(/incomplete$/);
    const kept = statSync(partial).size;
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThanOrEqual(20_000);
    hub.tamper = () => undefined;
    hub.requests.length = 0;
    const folder = await pull();
    const ranges = hub.requests
      .filter(({ path }) => path.endsWith("model.safetensors"))
      .map(({ range }) => range);
    expect(ranges).toContain(`bytes=${kept}-${files["model.safetensors"].length - 1}`);
    expect(await readFile(join(folder, "model.safetensors"))).toEqual(files["model.safetensors"]);
  });

  it("tries again by itself", async () => {
    let broken = 0;
    hub.tamper = (path, _content, response) => {
      if (path === "tokenizer.json" && broken++ === 0) response.destroy();
      return undefined;
    };
    const folder = await pull();
    expect(existsSync(join(folder, "tokenizer.json"))).toBe(true);
    expect(broken).toBe(2);
  });

  it.each(["model.safetensors", "config.json"])(
    "%s with the wrong content is refused and not kept",
    async (name) => {
      hub.tamper = (path, content) => (path === name ? Buffer.alloc(content.length, 7) : undefined);
      const error = await failure(pull());
      expect(error).toMatchObject({ code: "WRONG_CHECKSUM", exit: EXIT.provider });
      expect(error.message).toContain(name);
      expect(existsSync(join(home, "hub/models--ORG--tiny/snapshots", COMMIT, name))).toBe(false);
      hub.tamper = () => undefined;
      await pull();
    },
  );

  it.each([
    [404, "NO_MODEL"],
    [401, "NO_ACCESS"],
    [403, "NO_ACCESS"],
    [500, "HUB_FAILED"],
  ])("status %i is %s", async (status, code) => {
    hub.status = status;
    expect(await failure(pull())).toMatchObject({ code, exit: EXIT.provider });
  });

  it("a Hub that is down names its address", async () => {
    const { url } = hub;
    await hub.close();
    const error = await failure(pull());
    expect(error.message).toContain(url);
    hub = await startHub(files, []);
  });

  it("stops at Ctrl-C", async () => {
    const controller = new AbortController();
    hub.tamper = () => {
      controller.abort();
      return undefined;
    };
    const work = downloadModel("ORG/tiny", callContext(controller), { environment: environment() });
    expect((await failure(work)).exit).toBe(EXIT.interrupted);
  });
});

it("the cache lies where Python's does", () => {
  expect(hubCacheDir({ HF_HUB_CACHE: "/a" })).toBe("/a");
  expect(hubCacheDir({ HF_HOME: "/h" })).toBe("/h/hub");
  expect(hubCacheDir({ XDG_CACHE_HOME: "/c" })).toBe("/c/huggingface/hub");
});

it("a kept part that is longer than the file is thrown away", async () => {
  const { fetchFile } = await import("../../../src/llm/hub/fetch-file.js");
  const { sha256 } = await import("../../../src/core/hash.js");
  const content = Buffer.from("whole");
  const blob = join(root, "long-blob");
  await writeFile(`${blob}.incomplete`, "much too long");
  const file = { path: "x", size: content.length, sha256: sha256(content), gitId: undefined };
  await fetchFile(
    file,
    blob,
    (from) => Promise.resolve(new Blob([content.subarray(from)])),
    new AbortController().signal,
    () => undefined,
  );
  expect(await readFile(blob, "utf8")).toBe("whole");
});
