import { readFileSync } from "node:fs";
import { memoryLimits } from "../memory.ts";

/** How many connections a process takes at a time. */
export interface ConnectionLimit {
  /** WebSockets: of clients at a worker, of members at a broker or scc-state. */
  readonly webSockets: number;
  /** All of its port: a few more, so that probes and other plain requests are answered when there is no room for WebSockets. */
  readonly all: number;
}

/** What limits a process; absent: what the system and V8 say. */
export interface ConnectionSource {
  /** Files that the process may have open. */
  readonly openFiles: number;
  /** Bytes of V8's heap. */
  readonly heap: number;
}

/** Where the system does not say how many files may be open: what few of them go below. */
const USUAL_OPEN_FILES = 1_024;
/** Of the open files, what is kept for everything but connections of the port: links, logs, the application's own. */
const KEPT_FILES = { share: 8, least: 64, most: 1_024 };
/** Of the open files, what is kept for plain requests. */
const PLAIN_FILES = { share: 16, least: 32, most: 1_024 };
/** Bytes of the heap for a connection: twice what an idle one with a subscription takes. Half the heap is for them. */
const HEAP_EACH = 8 * 1024;

/**
 * How many connections a process takes: as configured, else what its open files and its heap allow.
 *
 * @param configured WebSockets at a time
 * @param processes how many processes share the container
 */
export function connectionLimit(
  configured: number | undefined,
  processes = 1,
  { openFiles, heap }: ConnectionSource = { openFiles: openFileLimit(), heap: memoryLimits(processes).heap },
): ConnectionLimit {
  const plain = shareOf(openFiles, PLAIN_FILES);
  const byFiles = openFiles - shareOf(openFiles, KEPT_FILES) - plain;
  const byHeap = Math.floor(heap / 2 / HEAP_EACH);
  const webSockets = configured ?? Math.max(1, Math.min(byFiles, byHeap));
  return { webSockets, all: webSockets + plain };
}

function shareOf(files: number, { share, least, most }: typeof KEPT_FILES): number {
  return Math.min(most, Math.max(least, Math.floor(files / share)));
}

/** How many files this process may have open. Node.js raises its limit to the highest that it may when it starts. */
export function openFileLimit(limits: () => string | undefined = ownLimits): number {
  const [, files] = /^Max open files\s+(\d+|unlimited)/m.exec(limits() ?? "") ?? [];
  if (files === "unlimited") return Number.MAX_SAFE_INTEGER;
  return files === undefined ? reportedOpenFiles() : Number(files);
}

function ownLimits(): string | undefined {
  try {
    return readFileSync("/proc/self/limits", "utf8");
  } catch {
    return undefined; // not Linux
  }
}

interface Report {
  readonly userLimits?: { readonly open_files?: { readonly soft?: number | string } };
}

function reportedOpenFiles(): number {
  const { userLimits } = (process.report?.getReport() ?? {}) as Report;
  const soft = userLimits?.open_files?.soft;
  if (soft === "unlimited") return Number.MAX_SAFE_INTEGER;
  return typeof soft === "number" ? soft : USUAL_OPEN_FILES;
}
