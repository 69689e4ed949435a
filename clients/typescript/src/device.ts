/**
 * A device: captures at once, sends when it can, forgets only what the server has for good.
 *
 * `capture`, `report`, `prove` and `attach` keep their promise when their word is safe in the store;
 * `flush` sends what waits, once; `run` flushes until it is stopped. Whatever fails is sent again
 * under the same name, so that an answer which was lost on the way neither loses nor doubles anything.
 */

import type { Buffer, Json, Kept, Refused, Waiting } from "./buffer.ts";
import { CallError, Gateway } from "./gateway.ts";
import type { Fetch, Token } from "./gateway.ts";

export { CallError } from "./gateway.ts";

export const LIVE_SECONDS = 300; // younger positions move the map; older ones are history
const BATCH_POSITIONS = 500;
const BATCH_EVENTS = 500;
const BATCHES_READ = 8; // batches of positions that are held at once
const PIECE_BYTES = 512 * 1024;
const FLUSH_SECONDS = 3; // until the server says otherwise
const WAIT_SECONDS_MIN = 1; // between tries while nobody answers, with jitter
const WAIT_SECONDS_MAX = 60;
const GONE = ["EPOCH_EXPIRED", "DEVICE_UNKNOWN"];

/** As `Position` of the contract; the sequence is given here. int64 are texts. */
export interface Position {
  readonly device_time: string; // RFC 3339
  readonly location: { readonly latitude: number; readonly longitude: number };
  readonly accuracy_meters?: string;
  readonly speed_centimeters_per_second?: string;
  readonly heading_degrees?: number;
  readonly uptime_duration?: string;
  readonly telemetry?: Json;
}

/** As `TrackingEvent` of the contract. */
export interface TrackingEvent extends Json {
  readonly event_id?: string;
  readonly event_time: string;
}

/** As `Proof` of the contract. */
export interface Proof extends Json {
  readonly proof_id?: string;
  readonly task_id: string;
}

/** Fields of `OpenDevice`: what the device stands for. */
export interface OpenedFor {
  readonly kind?: string;
  readonly driver_id?: string;
  readonly vehicle_id?: string;
  readonly shift_id?: string;
  readonly route_id?: string;
  readonly software?: string;
}

export interface DeviceOptions {
  readonly url: string; // of the gateway
  readonly deviceId: string;
  readonly token: Token; // asked before every call
  readonly openedFor?: OpenedFor;
  readonly fetch?: Fetch;
  readonly now?: () => number; // seconds since 1970
}

type Lane = "LANE_LIVE" | "LANE_BACKFILL";

/** One device of one person or vehicle; one at a time may flush it. */
export class Device {
  /** Positions that waited longer than the server keeps their epoch open. */
  lost = 0;
  #buffer: Buffer;
  #gateway: Gateway;
  #path: string;
  #deviceId: string;
  #openedFor: OpenedFor;
  #now: () => number;
  #flushSeconds = FLUSH_SECONDS;

  constructor(buffer: Buffer, options: DeviceOptions) {
    const fetch = options.fetch ?? ((url, request) => globalThis.fetch(url, request));
    this.#buffer = buffer;
    this.#gateway = new Gateway(options.url, options.token, fetch);
    this.#deviceId = options.deviceId;
    this.#path = `/v1/devices/${encodeURIComponent(options.deviceId)}`;
    this.#openedFor = options.openedFor ?? {};
    this.#now = options.now ?? (() => Date.now() / 1_000);
  }

  /** The epoch under which positions are numbered; empty before the first opening. */
  epoch(): Promise<string> {
    return this.#buffer.note("epoch");
  }

  /** How much waits. */
  waiting(): Promise<number> {
    return this.#buffer.waiting();
  }

  /** What the server will never take, with its reason. */
  refused(): Promise<Refused[]> {
    return this.#buffer.refused();
  }

  /**
   * Numbers a position and keeps it; its sequence. Before the device was ever opened its epoch is
   * not known: it is numbered under a name of its own, which the first opening replaces.
   */
  async capture(position: Position): Promise<number> {
    const captured = Date.parse(position.device_time) / 1_000;
    const { latitude, longitude } = position.location;
    if (![captured, latitude, longitude].every(Number.isFinite)) {
      throw new RangeError("a position has a time, a latitude and a longitude");
    }
    return (await this.#buffer.addPosition({ ...position }, captured)).sequence;
  }

  /** Keeps a fact; its id, which never changes. */
  async report(event: TrackingEvent): Promise<string> {
    const eventId = event.event_id ?? crypto.randomUUID();
    await this.#buffer.put("event", { device_id: this.#deviceId, ...event, event_id: eventId });
    return eventId;
  }

  /** Keeps a proof; its id. Its media are kept by `attach`. */
  async prove(proof: Proof): Promise<string> {
    const proofId = proof.proof_id ?? crypto.randomUUID();
    const kept = { request_id: crypto.randomUUID(), proof: { ...proof, proof_id: proofId } };
    await this.#buffer.put("proof", kept);
    return proofId;
  }

  /** Keeps a photo or signature; its SHA-256, by which a proof names it. */
  async attach(data: Uint8Array<ArrayBuffer>, contentType: string): Promise<string> {
    const sha256 = hex(new Uint8Array(await crypto.subtle.digest("SHA-256", data)));
    const pieces: string[] = [];
    for (let start = 0; start < data.length; start += PIECE_BYTES) {
      pieces.push(base64(data.subarray(start, start + PIECE_BYTES)));
    }
    const media = { sha256, pieces, total_bytes: String(data.length), content_type: contentType };
    await this.#buffer.put("media", media);
    return sha256;
  }

  /** Flushes until the signal; waits longer and longer while nobody answers. */
  async run(signal: AbortSignal): Promise<void> {
    let delay = WAIT_SECONDS_MIN;
    while (!signal.aborted) {
      try {
        await this.flush();
        delay = WAIT_SECONDS_MIN;
        await slept(this.#flushSeconds, signal);
      } catch (error) {
        if (!(error instanceof CallError && error.passing)) throw error;
        await slept(delay * (0.5 + Math.random() / 2), signal);
        delay = Math.min(2 * delay, WAIT_SECONDS_MAX);
      }
    }
  }

  /** Sends everything that waits; throws a CallError when somebody does not answer. */
  async flush(): Promise<void> {
    if ((await this.epoch()) === "") await this.#open();
    const liveSince = this.#now() - LIVE_SECONDS;
    await this.#sendPositions("LANE_LIVE", liveSince, Infinity);
    await this.#sendOutbox();
    await this.#sendPositions("LANE_BACKFILL", -Infinity, liveSince);
  }

  /** A new epoch. An opening whose answer was lost is repeated, and gets the same epoch. */
  async #open(): Promise<void> {
    const asked = await this.#buffer.noteOnce("opening", crypto.randomUUID());
    const request = { request_id: asked, ...this.#openedFor };
    const answer = await this.#gateway.post(`${this.#path}:open`, request);
    this.#flushSeconds = Number.parseFloat(String(answer["flush_duration"])) || FLUSH_SECONDS;
    await this.#buffer.beginEpoch(String((answer["device"] as Json)["epoch"]));
  }

  /** Batch by batch, until none is left; what is live from the newest on. */
  async #sendPositions(lane: Lane, since: number, until: number): Promise<void> {
    const asked = { since, until, newest: lane === "LANE_LIVE" };
    while (true) {
      const waiting = await this.#buffer.positions({
        ...asked,
        limit: BATCH_POSITIONS * BATCHES_READ,
      });
      if (waiting.length === 0) return;
      for (const batch of batches(waiting, BATCH_POSITIONS)) {
        if (await this.#sendBatch(batch, lane)) await this.#open();
      }
    }
  }

  /** Sends positions of one epoch; whether the epoch should be renewed. */
  async #sendBatch(batch: readonly Kept[], lane: Lane): Promise<boolean> {
    const epoch = batch[0]!.epoch;
    const body = { epoch, lane, positions: batch.map((one) => one.body) };
    try {
      const answer = await this.#gateway.post(`${this.#path}/positions:batchRecord`, body);
      await this.#buffer.dropPositions(batch);
      return answer["renew"] === true;
    } catch (error) {
      if (!(error instanceof CallError && GONE.includes(error.reason))) throw error;
      this.lost += await this.#buffer.dropEpoch(epoch);
      return epoch === (await this.epoch());
    }
  }

  /** Facts and proofs in their order; what is refused for good is put aside. */
  async #sendOutbox(): Promise<void> {
    while (true) {
      const waiting = await this.#buffer.outbox(BATCH_EVENTS);
      const first = waiting[0];
      if (first === undefined) return;
      if (first.kind === "event") {
        const other = waiting.findIndex((one) => one.kind !== "event");
        await this.#sendEvents(other < 0 ? waiting : waiting.slice(0, other));
        continue;
      }
      const send = first.kind === "proof" ? this.#sendProof : this.#sendMedia;
      await this.#settled([first], () => send.call(this, first.body));
    }
  }

  /** Facts that cannot be read as a whole are sent by halves, until the bad one stands alone. */
  async #sendEvents(waiting: readonly Waiting[]): Promise<void> {
    const events = waiting.map((one) => one.body);
    try {
      const answer = await this.#gateway.post("/v1/events:batchRecord", { events });
      await this.#buffer.answered(waiting, (answer["results"] as Json[]).map(reasonOf));
    } catch (error) {
      if (!(error instanceof CallError) || error.passing) throw error;
      if (waiting.length === 1) return this.#buffer.answered(waiting, [error.reason]);
      const middle = waiting.length >> 1;
      await this.#sendEvents(waiting.slice(0, middle));
      await this.#sendEvents(waiting.slice(middle));
    }
  }

  async #settled(waiting: readonly Waiting[], send: () => Promise<void>): Promise<void> {
    try {
      await send();
      await this.#buffer.answered(waiting);
    } catch (error) {
      if (!(error instanceof CallError) || error.passing) throw error;
      await this.#buffer.answered(waiting, [error.reason]);
    }
  }

  async #sendProof(body: Json): Promise<void> {
    const { task_id: taskId, ...proof } = body["proof"] as Proof;
    const path = `/v1/tasks/${encodeURIComponent(taskId)}/proofs`; // the path alone names the task
    await this.#gateway.post(path, { ...body, proof });
  }

  /** Piece by piece, from where the server says that it stands. */
  async #sendMedia(body: Json): Promise<void> {
    const { sha256, pieces, ...whole } = body as { sha256: string; pieces: string[] };
    const total = Number(body["total_bytes"]);
    let offset = 0;
    while (offset < total) {
      const start = Math.floor(offset / PIECE_BYTES);
      const piece = { ...whole, offset: String(start * PIECE_BYTES), data: pieces[start] };
      const answer = await this.#gateway.post(`/v1/media/${sha256}:upload`, piece);
      offset = Number(answer["next_offset"]);
    }
  }
}

/** Why a fact was not kept; empty when it was. */
function reasonOf(result: Json): string {
  if (result["status"] !== "EVENT_STATUS_REJECTED") return "";
  return String(result["error_reason"]).replace("ERROR_REASON_", "");
}

/** Positions in their order, cut where the epoch changes and at the length. */
function* batches(waiting: readonly Kept[], length: number): Generator<readonly Kept[]> {
  let start = 0;
  for (let end = 1; end <= waiting.length; end += 1) {
    const full = end - start === length || waiting[end]?.epoch !== waiting[start]!.epoch;
    if (!full) continue;
    yield waiting.slice(start, end);
    start = end;
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** Ends early at the signal. */
function slept(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(ended, seconds * 1_000);
    signal.addEventListener("abort", ended, { once: true });
    function ended(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", ended);
      resolve();
    }
  });
}
