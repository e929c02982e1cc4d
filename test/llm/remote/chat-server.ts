import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface ChatBody {
  model: string;
  messages: { role: string; content: string }[];
  max_tokens?: number;
  max_completion_tokens?: number;
  temperature?: number;
  seed?: number;
  stop?: string[];
  logprobs?: boolean;
}

/** What a request gets; called once a request, with its number from 1. */
export type Behaviour = (
  response: ServerResponse,
  body: ChatBody,
  number: number,
  request: IncomingMessage,
) => void;

export interface ChatServer {
  readonly url: string;
  readonly bodies: ChatBody[];
  readonly headers: IncomingMessage["headers"][];
  readonly mostAtOnce: () => number;
  close(): Promise<void>;
}

/** A local server that behaves as it is told. */
export async function startChatServer(behave: Behaviour): Promise<ChatServer> {
  const bodies: ChatBody[] = [];
  const headers: IncomingMessage["headers"][] = [];
  let open = 0;
  let most = 0;
  const server = createServer((request, response) => {
    open++;
    most = Math.max(most, open);
    response.on("close", () => open--);
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = JSON.parse(Buffer.concat(chunks).toString("utf8")) as ChatBody;
      bodies.push(body);
      headers.push(request.headers);
      behave(response, body, bodies.length, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    bodies,
    headers,
    mostAtOnce: () => most,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}

export function sendJson(
  response: ServerResponse,
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(value));
}

/** A well-formed chat completion. */
export function completion(text: string, changes: object = {}): object {
  return {
    id: "c",
    object: "chat.completion",
    created: 0,
    model: "tiny",
    choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: text } }],
    usage: { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 },
    ...changes,
  };
}
