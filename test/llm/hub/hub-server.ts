import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export const COMMIT = "0123456789abcdef0123456789abcdef01234567";

export interface HubServer {
  readonly url: string;
  readonly requests: { method: string; path: string; range?: string; authorization?: string }[];
  /** Changes what a file's download gives; undefined leaves it. */
  tamper: (
    path: string,
    content: Buffer,
    response: ServerResponse,
    request: IncomingMessage,
  ) => Buffer | undefined;
  status: number;
  close(): Promise<void>;
}

/** A Hub with one model, ORG/tiny, in the protocol that @huggingface/hub speaks. Files named in `large` are listed as LFS. */
export async function startHub(
  files: Readonly<Record<string, Buffer>>,
  large: readonly string[],
): Promise<HubServer> {
  const state: HubServer = {
    url: "",
    requests: [],
    tamper: () => undefined,
    status: 200,
    close: () => Promise.resolve(),
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://hub");
    const { range, authorization } = request.headers;
    state.requests.push({ method: request.method ?? "", path: url.pathname, range, authorization });
    const json = (value: unknown, status = 200) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(value));
    };
    if (state.status !== 200) {
      json({ error: "no" }, state.status);
    } else if (url.pathname.startsWith("/api/models/ORG/tiny/revision/")) {
      json({ _id: "1", id: "ORG/tiny", sha: COMMIT, lastModified: "2024-01-01T00:00:00Z" });
    } else if (url.pathname === `/api/models/ORG/tiny/tree/${COMMIT}`) {
      json(Object.entries(files).map(([path, content]) => entry(path, content, large.includes(path))));
    } else if (url.pathname.startsWith(`/ORG/tiny/resolve/${COMMIT}/`)) {
      const path = url.pathname.slice(`/ORG/tiny/resolve/${COMMIT}/`.length);
      sendFile(path, request, response);
    } else json({ error: "not found" }, 404);
  });

  function sendFile(path: string, request: IncomingMessage, response: ServerResponse): void {
    const content = files[path];
    const total = content.length;
    const [, from = "0", to = ""] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? "") ?? [];
    const end = to === "" ? total : Math.min(total, Number(to) + 1);
    const isProbe = request.headers.range === "bytes=0-0";
    const changed = isProbe ? undefined : state.tamper(path, content, response, request);
    if (response.destroyed || response.headersSent) return;
    const body = (changed ?? content).subarray(Number(from), end);
    response.writeHead(request.headers.range === undefined ? 200 : 206, {
      etag: `"${createHash("sha256").update(content).digest("hex")}"`,
      "content-range": `bytes ${from}-${end - 1}/${total}`,
      "content-length": String(body.length),
    });
    response.end(body);
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(state, {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  });
}

function entry(path: string, content: Buffer, isLarge: boolean): object {
  const oid = createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
  const lfs = {
    oid: createHash("sha256").update(content).digest("hex"),
    size: content.length,
    pointerSize: 130,
  };
  return { type: "file", path, size: content.length, oid, ...(isLarge ? { lfs } : {}) };
}
