import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { Socket } from "node:net";

const ESTABLISHED = "01";
const TABLES = ["/proc/net/tcp", "/proc/net/tcp6"];

/** Whether this system tells which process a connection on it comes from: Linux does. */
export function canTellDiallers(): boolean {
  return process.platform === "linux";
}

/**
 * Which of some processes of this machine dialled a connection that was accepted here, as the kernel says.
 *
 * @param processes names by process id; each is the very process that dials, not one that started it
 * @returns undefined if it is none of them, or nobody can tell
 */
export function diallerOf(socket: Socket, processes: ReadonlyMap<number, string>): string | undefined {
  const { remotePort, localPort } = socket;
  if (!canTellDiallers() || remotePort === undefined || localPort === undefined) return undefined;
  const inode = TABLES.map((table) => inodeOf(contentsOf(table), remotePort, localPort)).find(Boolean);
  if (inode === undefined) return undefined;
  for (const [pid, name] of processes) if (holds(pid, inode)) return name;
  return undefined;
}

/**
 * The inode of the socket that is the other end of a connection, in the kernel's table.
 *
 * @param from port of the end that is looked for
 * @param to port of the end that is known
 */
export function inodeOf(table: string, from: number, to: number): string | undefined {
  for (const line of table.split("\n").slice(1)) {
    const [, local = "", remote = "", state, , , , , , inode] = line.trim().split(/\s+/);
    if (state === ESTABLISHED && portIn(local) === from && portIn(remote) === to) return inode;
  }
  return undefined;
}

/** "0100007F:1F90" has port 8080. */
function portIn(address: string): number {
  return Number.parseInt(address.slice(address.indexOf(":") + 1), 16);
}

function holds(pid: number, inode: string): boolean {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).some((name) => linkOf(`${folder}/${name}`) === `socket:[${inode}]`);
  } catch {
    // It has ended meanwhile: then it holds nothing.
    return false;
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    // Closed between listing and looking.
    return undefined;
  }
}

function contentsOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // A system without IPv6 has no table for it.
    return "";
  }
}
