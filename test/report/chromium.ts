import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { tmpdir } from "node:os";
import type { Readable, Writable } from "node:stream";

/** A Chromium of this machine (`LLMREC_CHROMIUM`, or one on the path); undefined where there is none. */
export function findChromium(): string | undefined {
  const given = process.env.LLMREC_CHROMIUM;
  if (given !== undefined) return given;
  const folders = (process.env.PATH ?? "").split(delimiter);
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  return names
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((file) => existsSync(file));
}

/** A page in a headless browser, driven through the DevTools protocol over a pipe. */
export interface BrowserPage {
  /** Evaluates an expression in the page; a promise is waited for. */
  evaluate<T>(expression: string): Promise<T>;
  press(key: string): Promise<void>;
  resize(width: number, height: number): Promise<void>;
  screenshot(): Promise<Buffer>;
  /** Addresses that the page asked for, itself included. */
  readonly requests: readonly string[];
  /** What went wrong in the page: exceptions and refusals by its policy. */
  readonly problems: readonly string[];
  close(): Promise<void>;
}

interface Message {
  id?: number;
  method?: string;
  sessionId?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { message: string };
}

/** Opens an address in a new browser with a profile of its own. */
export async function openPage(
  browser: string,
  url: string,
  scheme: "light" | "dark" = "light",
): Promise<BrowserPage> {
  const profile = await mkdtemp(join(tmpdir(), "llmrec-browser-"));
  const child = spawn(
    browser,
    [
      "--headless=new",
      "--remote-debugging-pipe",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--no-first-run",
      "--disable-background-networking",
      `--user-data-dir=${profile}`,
      "about:blank",
    ],
    { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] },
  );
  const [to, from] = [child.stdio[3] as Writable, child.stdio[4] as Readable];
  const waiting = new Map<
    number,
    { resolve: (result: Record<string, unknown>) => void; reject: (e: Error) => void }
  >();
  let finishLoading: () => void = () => undefined;
  const loaded = new Promise<void>((resolve) => (finishLoading = resolve));
  const requests: string[] = [];
  const problems: string[] = [];
  let [count, rest] = [0, ""];
  const receive = ({ id, method, params = {}, result = {}, error }: Message) => {
    if (id !== undefined) {
      const asked = waiting.get(id);
      waiting.delete(id);
      if (error === undefined) asked?.resolve(result);
      else asked?.reject(new Error(error.message));
    }
    if (method === "Network.requestWillBeSent") requests.push((params.request as { url: string }).url);
    if (method === "Runtime.exceptionThrown") problems.push(JSON.stringify(params.exceptionDetails));
    if (method === "Log.entryAdded") problems.push((params.entry as { text: string }).text);
    if (method === "Page.loadEventFired") finishLoading();
  };
  from.setEncoding("utf8").on("data", (chunk: string) => {
    const parts = (rest + chunk).split("\0");
    rest = parts.pop() ?? "";
    for (const part of parts) receive(JSON.parse(part) as Message);
  });
  const send = (method: string, params: object = {}, sessionId?: string): Promise<Record<string, unknown>> =>
    new Promise((resolve, reject) => {
      waiting.set(++count, { resolve, reject });
      to.write(JSON.stringify({ id: count, method, params, sessionId }) + "\0");
    });
  const { targetId } = await send("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
  const ask = (method: string, params: object = {}) => send(method, params, String(sessionId));
  for (const domain of ["Page", "Network", "Runtime", "Log"]) await ask(`${domain}.enable`);
  await ask("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
  await ask("Page.navigate", { url });
  await loaded;
  return {
    requests,
    problems,
    async evaluate<T>(expression: string): Promise<T> {
      const { result, exceptionDetails } = await ask("Runtime.evaluate", {
        expression,
        awaitPromise: true,
        returnByValue: true,
      });
      if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
      return (result as { value: T }).value;
    },
    async press(key) {
      const known: Record<string, object> = {
        Tab: { windowsVirtualKeyCode: 9 },
        Enter: { windowsVirtualKeyCode: 13, text: "\r" },
        ArrowDown: { windowsVirtualKeyCode: 40 },
      };
      await ask("Input.dispatchKeyEvent", { type: "keyDown", key, code: key, ...known[key] });
      await ask("Input.dispatchKeyEvent", { type: "keyUp", key, code: key, ...known[key] });
    },
    async resize(width, height) {
      await ask("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
    },
    async screenshot() {
      const { data } = await ask("Page.captureScreenshot", { format: "png", captureBeyondViewport: false });
      return Buffer.from(String(data), "base64");
    },
    async close() {
      const ended = new Promise((resolve) => child.once("close", resolve));
      await send("Browser.close").catch(() => undefined);
      await ended;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
