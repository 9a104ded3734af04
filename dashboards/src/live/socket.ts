// The one WebSocket: connects, finds holes in the numbering, comes back after a loss.
import { liveUrl, strangers } from "../api";
import type { Frame } from "../wire";
import { applyFrame } from "./board";
import { frameCame } from "./feed";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;
/** Silence after which a socket that still claims to be open is given up. */
const DEAD_AFTER_MS = 6000;
/** The closing code by which the monitor says that we may not listen. */
const NOBODY = 4401;

let socket: WebSocket | null = null;
let wanted = false;
let expected = -1;
let wait_ms = FIRST_WAIT_MS;
let heardAt = 0;

/** Whether the frame follows on; a snapshot always does, a delta only by its number. */
function follows(frame: Frame): boolean {
  if (frame.kind === "snapshot") return true;
  return expected >= 0 && frame.n === expected;
}

function hear(event: MessageEvent<string>): void {
  const frame = JSON.parse(event.data) as Frame;
  heardAt = performance.now();
  if (!follows(frame)) {
    // A hole: what we show may be wrong, so begin again from a snapshot.
    expected = -1;
    socket?.close();
    return;
  }
  expected = frame.n + 1;
  wait_ms = FIRST_WAIT_MS;
  applyFrame(frame);
  frameCame(frame.now_ms);
}

function connect(): void {
  if (!wanted || socket) return;
  expected = -1;
  heardAt = performance.now();
  const mine = new WebSocket(liveUrl());
  socket = mine;
  mine.onmessage = (event) => {
    if (mine === socket) hear(event as MessageEvent<string>);
  };
  mine.onclose = (event) => {
    if (mine !== socket) return;
    socket = null;
    if (event.code === NOBODY) strangers.value++;
    setTimeout(connect, wait_ms + Math.random() * 200);
    wait_ms = Math.min(wait_ms * 2, LONGEST_WAIT_MS);
  };
}

/** A half-open connection never closes by itself: leave it behind and dial again. */
function giveUpTheDead(): void {
  if (!socket || performance.now() - heardAt < DEAD_AFTER_MS) return;
  const dead = socket;
  socket = null;
  dead.close();
  connect();
}

setInterval(giveUpTheDead, 1000);
addEventListener("online", () => {
  wait_ms = FIRST_WAIT_MS;
});

export function startLive(): void {
  wanted = true;
  connect();
}

/** Listen no more: whoever was here has gone. */
export function stopLive(): void {
  wanted = false;
  const mine = socket;
  socket = null;
  mine?.close();
}
