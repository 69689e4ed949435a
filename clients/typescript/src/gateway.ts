/** Calls to the gateway in JSON, and what went wrong with them. */

import type { Json } from "./buffer.ts";

const CALL_MILLISECONDS = 20_000;
/** Codes of gRPC for what passes, and is worth another try. */
const PASSING = new Set([
  14, // UNAVAILABLE
  8, // RESOURCE_EXHAUSTED
  4, // DEADLINE_EXCEEDED
  10, // ABORTED
  16, // UNAUTHENTICATED: a token that is renewed meanwhile
  13, // INTERNAL, a fault of theirs: mended some day, and the word is kept until then
  2, // UNKNOWN
]);
const PASSING_STATUS = new Set([401, 408, 425, 429]);

export type Fetch = (url: string, request: RequestInit) => Promise<Response>;
export type Token = () => string | Promise<string>;

/** What the gateway or a service refused. */
export class CallError extends Error {
  readonly reason: string;
  readonly passing: boolean;

  constructor(reason: string, passing: boolean, message: string) {
    super(message);
    this.name = "CallError";
    this.reason = reason;
    this.passing = passing;
  }
}

export class Gateway {
  #url: string;
  #token: Token;
  #fetch: Fetch;

  constructor(url: string, token: Token, fetch: Fetch) {
    this.#url = url.replace(/\/+$/, "");
    this.#token = token;
    this.#fetch = fetch;
  }

  /** Asks; throws a CallError when it is refused or when nobody answers. */
  async post(path: string, body: Json): Promise<Json> {
    const request: RequestInit = {
      method: "POST",
      headers: {
        "authorization": `Bearer ${await this.#token()}`,
        "content-type": "application/json",
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(CALL_MILLISECONDS),
    };
    let status: number, text: string;
    try {
      const response = await this.#fetch(this.#url + path, request);
      [status, text] = [response.status, await response.text()];
    } catch (error) {
      throw new CallError("UNREACHABLE", true, String(error)); // fetch tells no more than that
    }
    if (status < 200 || status > 299) throw refusal(status, text);
    return parsed(text) ?? {};
  }
}

/** The error in an answer, by the reason that a program can act on. */
function refusal(status: number, text: string): CallError {
  const told = parsed(text);
  const details = Array.isArray(told?.["details"]) ? (told["details"] as Json[]) : [];
  const info = details.find((one) => String(one["@type"]).endsWith("/google.rpc.ErrorInfo"));
  const code = Number(told?.["code"]);
  const passing = code > 0 ? PASSING.has(code) : status >= 500 || PASSING_STATUS.has(status);
  const reason = String(info?.["reason"] ?? `HTTP_${status}`);
  return new CallError(reason, passing, String(told?.["message"] ?? `status ${status}`));
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined; // a proxy on the way that speaks HTML
  }
}
