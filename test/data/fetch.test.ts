import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { zipSync } from "fflate";
import { describe, expect, it, onTestFinished } from "vitest";
import { silentProgress } from "../../src/core/progress.js";
import { fetchFile, type FetchOptions } from "../../src/data/fetch.js";
import type { RemoteFile } from "../../src/data/registry.js";
import { failureOf, folderOf } from "./readers/files.js";

/** Three megabytes that do not repeat, so that a piece in the wrong place changes the hash. */
const CONTENT = Buffer.from(
  Uint32Array.from({ length: 750_000 }, (_, n) => Math.imul(n, 2654435761) >>> 0).buffer,
);
const SHA256 = createHash("sha256").update(CONTENT).digest("hex");
const MD5 = createHash("md5").update(CONTENT).digest("hex");

const expectContent = (path: string) => {
  expect(readFileSync(path).equals(CONTENT)).toBe(true);
};

type Handler = (request: IncomingMessage, response: ServerResponse, call: number) => void;

/** A server on this machine; counts its calls and keeps the Range header of each. */
async function serve(handler: Handler): Promise<{ url: string; ranges: (string | undefined)[] }> {
  const ranges: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range);
    handler(request, response, ranges.length);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/data.bin`, ranges };
}

/** Answers as a good server does, from the byte that is asked for. */
function answer(
  request: IncomingMessage,
  response: ServerResponse,
  content = CONTENT,
  etag = '"v1"',
): Buffer {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  const condition = request.headers["if-range"];
  const partial = from > 0 && (condition === undefined || condition === etag);
  const body = partial ? content.subarray(from) : content;
  response.writeHead(partial ? 206 : 200, {
    etag,
    "content-length": body.length,
    ...(partial && { "content-range": `bytes ${from}-${content.length - 1}/${content.length}` }),
  });
  return body;
}

const known = (url: string, over: Partial<RemoteFile> = {}): RemoteFile => ({
  url,
  bytes: CONTENT.length,
  sha256: SHA256,
  md5: MD5,
  ...over,
});
const unknown = (url: string): RemoteFile => ({ url, bytes: null, sha256: null, md5: null });
const quick: FetchOptions = { wait: () => 1, attempts: 3 };

describe("fetchFile", () => {
  it("brings a file, shows progress, and finds it again without asking", async () => {
    const { url, ranges } = await serve((request, response) => response.end(answer(request, response)));
    const target = join(folderOf({}), "deep", "data.bin");
    const steps: [string, number | undefined][] = [];
    const progress = {
      ...silentProgress(),
      start: (label: string, total?: number) => (
        steps.push([label, total]),
        { update: () => undefined, end: () => undefined }
      ),
    };
    expect(await fetchFile(known(url), target, { ...quick, progress })).toEqual({
      path: target,
      bytes: CONTENT.length,
      sha256: SHA256,
      fetched: true,
    });
    expectContent(target);
    expect(steps).toEqual([["fetch data.bin (MB)", 3]]);
    expect(await fetchFile(known(url), target, { ...quick, offline: true })).toMatchObject({
      sha256: SHA256,
      fetched: false,
    });
    expect(ranges).toEqual([undefined]);
    expect(readdirSync(join(target, "..")).sort()).toEqual([".data.bin.verified", "data.bin"]);
  });

  it("goes on where a dropped connection stopped", async () => {
    const { url, ranges } = await serve((request, response, call) => {
      const body = answer(request, response);
      if (call < 3) response.write(body.subarray(0, 1_000_000), () => response.destroy());
      else response.end(body);
    });
    const target = join(folderOf({}), "data.bin");
    await fetchFile(known(url), target, quick);
    expectContent(target);
    expect(ranges).toHaveLength(3);
    for (const range of ranges.slice(1)) expect(range).toMatch(/^bytes=[1-9]\d*-$/);
  });

  it("goes on in a later run after it was given up", async () => {
    let broken = true;
    const { url, ranges } = await serve((request, response) => {
      const body = answer(request, response);
      if (broken) response.write(body.subarray(0, 400_000), () => response.destroy());
      else response.end(body);
    });
    const target = join(folderOf({}), "data.bin");
    expect(await failureOf(fetchFile(known(url), target, { ...quick, attempts: 1 }))).toMatchObject({
      code: "FETCH_FAILED",
      exit: 3,
      file: target,
    });
    expect(existsSync(target)).toBe(false);
    broken = false;
    await fetchFile(known(url), target, quick);
    expectContent(target);
    expect(ranges).toHaveLength(2);
    expect(ranges[1]).toMatch(/^bytes=[1-9]\d*-$/);
  });

  it("begins anew where the file has changed meanwhile", async () => {
    const other = Buffer.from(CONTENT).reverse();
    const { url } = await serve((request, response, call) => {
      if (call > 1) return response.end(answer(request, response));
      answer(request, response, other, '"v0"');
      return response.write(other.subarray(0, 1_000_000), () => response.destroy());
    });
    const target = join(folderOf({}), "data.bin");
    await fetchFile(unknown(url), target, quick);
    expectContent(target);
  });

  it("manages without ranges and without any header", async () => {
    const { url } = await serve((_request, response, call) => {
      // No length, no ETag: a connection cut early can only be told by the hash or by broken chunking.
      if (call === 1) response.write(CONTENT.subarray(0, 500_000), () => response.destroy());
      else response.end(CONTENT);
    });
    const target = join(folderOf({}), "data.bin");
    await fetchFile(known(url), target, quick);
    expectContent(target);
  });

  it("takes a download that was complete but not yet named", async () => {
    const { url, ranges } = await serve((_request, response) => {
      response.writeHead(416, { "content-range": `bytes */${CONTENT.length}` });
      response.end();
    });
    const folder = folderOf({
      "data.bin.part": CONTENT,
      "data.bin.part.json": JSON.stringify({ url, validator: '"v1"' }),
    });
    await fetchFile(known(url), join(folder, "data.bin"), quick);
    expect(ranges).toEqual([`bytes=${CONTENT.length}-`]);
    expectContent(join(folder, "data.bin"));
  });

  it("waits longer after each failure, and gives up", async () => {
    const { url, ranges } = await serve((_request, response) => {
      response.writeHead(503);
      response.end();
    });
    const waits: number[] = [];
    const options = { attempts: 4, wait: (n: number) => (waits.push(n), 1) };
    const report = await failureOf(fetchFile(known(url), join(folderOf({}), "data.bin"), options));
    expect(report).toMatchObject({ code: "FETCH_FAILED", exit: 3 });
    expect(report.message).toContain("HTTP 503 Service Unavailable (4 attempts)");
    expect(ranges).toHaveLength(4);
    expect(waits).toEqual([1, 2, 3]);
  });

  it("gives up a server that always stops at the same place, although bytes keep coming", async () => {
    const { url, ranges } = await serve((_request, response) => {
      response.writeHead(200, { "content-length": CONTENT.length });
      response.write(CONTENT.subarray(0, 2_000_000), () => response.destroy());
    });
    expect(await failureOf(fetchFile(known(url), join(folderOf({}), "data.bin"), quick))).toMatchObject({
      code: "FETCH_FAILED",
    });
    expect(ranges.length).toBeLessThanOrEqual(4);
  });

  it("counts silence as a dropped connection", async () => {
    const { url } = await serve((request, response, call) => {
      const body = answer(request, response);
      if (call === 1) response.write(body.subarray(0, 100_000));
      else response.end(body);
    });
    const target = join(folderOf({}), "data.bin");
    await fetchFile(known(url), target, { ...quick, stall: 300 });
    expectContent(target);
  });

  it("stops at an interruption and keeps what has come", async () => {
    const abort = new AbortController();
    const { url } = await serve((request, response) => {
      response.write(answer(request, response).subarray(0, 300_000), () =>
        setTimeout(() => {
          abort.abort();
        }, 50),
      );
    });
    const folder = folderOf({});
    const report = await failureOf(
      fetchFile(known(url), join(folder, "data.bin"), { ...quick, signal: abort.signal }),
    );
    expect(report).toMatchObject({ code: "INTERRUPTED", exit: 130 });
    expect(readdirSync(folder).sort()).toEqual(["data.bin.part", "data.bin.part.json"]);
  });

  it.each<[string, Handler, Partial<RemoteFile>, object]>([
    [
      "a web page by its type",
      (_q, r) => r.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<p>Please log in"),
      {},
      { code: "NOT_THE_FILE" },
    ],
    [
      "a web page by its content",
      (_q, r) => r.end("\n <!DOCTYPE HTML><title>404"),
      { bytes: null },
      { code: "NOT_THE_FILE" },
    ],
    ["other bytes", (_q, r) => r.end(Buffer.from(CONTENT).fill(1, 5, 6)), {}, { code: "WRONG_HASH" }],
    [
      "other bytes, by MD5 alone",
      (_q, r) => r.end(Buffer.from(CONTENT).fill(1, 5, 6)),
      { sha256: null },
      { code: "WRONG_HASH" },
    ],
    ["a shorter file", (_q, r) => r.end(CONTENT.subarray(0, 999)), {}, { code: "WRONG_SIZE" }],
    [
      "a length that lies: shorter",
      (_q, r) => r.writeHead(200, { "content-length": 1000 }).end(CONTENT.subarray(0, 1000)),
      {},
      { code: "WRONG_SIZE" },
    ],
    [
      "a longer file without a length",
      (_q, r) => {
        r.write(CONTENT);
        r.end("more");
      },
      {},
      { code: "WRONG_SIZE" },
    ],
    ["a missing page", (_q, r) => r.writeHead(404).end("no"), {}, { code: "FETCH_REFUSED" }],
    ["a forbidden page", (_q, r) => r.writeHead(403).end(), {}, { code: "FETCH_REFUSED" }],
  ])("refuses %s at once and leaves nothing", async (_what, handler, over, expected) => {
    const { url, ranges } = await serve(handler);
    const folder = folderOf({});
    expect(await failureOf(fetchFile(known(url, over), join(folder, "data.bin"), quick))).toMatchObject({
      exit: 3,
      ...expected,
    });
    expect(ranges).toHaveLength(1);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("tries again where the length lies: longer than what comes", async () => {
    const { url, ranges } = await serve((_request, response) => {
      response.writeHead(200, { "content-length": CONTENT.length });
      response.write(CONTENT.subarray(0, 1000), () => response.destroy());
    });
    expect(await failureOf(fetchFile(known(url), join(folderOf({}), "data.bin"), quick))).toMatchObject({
      code: "FETCH_FAILED",
    });
    expect(ranges).toHaveLength(3);
  });

  it("looks into archives whose hash is unknown", async () => {
    const zip = Buffer.from(zipSync({ "a.csv": new Uint8Array(5000).map((_, n) => (n * 31) % 251) }));
    for (const [bytes, code] of [
      [Buffer.from("garbage"), "NOT_THE_FILE"],
      [zip.subarray(0, -40), "TRUNCATED_ZIP"],
    ] as const) {
      const { url } = await serve((_request, response) => response.end(bytes));
      const folder = folderOf({});
      expect(await failureOf(fetchFile(unknown(url), join(folder, "a.zip"), quick))).toMatchObject({
        code,
        exit: 3,
      });
      expect(readdirSync(folder)).toEqual([]);
    }
    const { url } = await serve((_request, response) => response.end(zip));
    expect(await fetchFile(unknown(url), join(folderOf({}), "a.zip"), quick)).toMatchObject({
      bytes: zip.length,
    });
  });

  it("names the unreachable server", async () => {
    const report = await failureOf(
      fetchFile(known("http://127.0.0.1:9/data.bin"), join(folderOf({}), "data.bin"), {
        ...quick,
        attempts: 2,
      }),
    );
    expect(report.code).toBe("FETCH_FAILED");
    expect(report.message).toMatch(/^http:\/\/127\.0\.0\.1:9\/data\.bin: the connection failed/);
  });

  it("fails at once offline, naming the file and where to put it", async () => {
    const { url, ranges } = await serve((_request, response) => response.end());
    const target = join(folderOf({}), "data.bin");
    const report = await failureOf(fetchFile(known(url), target, { offline: true }));
    expect(report).toMatchObject({ code: "OFFLINE", exit: 3, file: target });
    expect(report.hint).toContain(url);
    expect(ranges).toEqual([]);
  });

  it("does not trust a damaged file that is there", async () => {
    const { url } = await serve((request, response) => response.end(answer(request, response)));
    const folder = folderOf({ "data.bin": "damaged" });
    const target = join(folder, "data.bin");
    expect(await failureOf(fetchFile(known(url), target, { offline: true }))).toMatchObject({
      code: "WRONG_SIZE",
    });
    const progress = silentProgress();
    expect(await fetchFile(known(url), target, { ...quick, progress })).toMatchObject({ fetched: true });
    expect(progress.warnings).toHaveLength(1);
    // A file changed after it was verified is looked at again.
    writeFileSync(target, Buffer.from(CONTENT).reverse());
    expect(await failureOf(fetchFile(known(url), target, { offline: true }))).toMatchObject({
      code: "WRONG_HASH",
    });
  });

  it("says which folder can't be written to", async () => {
    const { url } = await serve((request, response) => response.end(answer(request, response)));
    const folder = folderOf({ file: "x" });
    expect(await failureOf(fetchFile(known(url), join(folder, "file", "data.bin"), quick))).toMatchObject({
      code: "NOT_A_FOLDER",
      exit: 2,
    });
  });
});
