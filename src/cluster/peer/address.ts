import { isIP, isIPv6 } from "node:net";
import { SccError } from "../../runtime/errors.ts";
import { isLinkLocal, isLoopback, plainAddress } from "../../runtime/network.ts";

/** What a member announced cannot be registered. Nobody else is told of it. */
export class RegistrationError extends SccError {
  readonly code = "SCC_REGISTRATION";
  override readonly name = "RegistrationError";
}

export interface Announced {
  /** Address or host name; absent: the one its connection comes from. */
  readonly ip: string | undefined;
  readonly family: "IPv4" | "IPv6" | undefined;
  readonly secure: boolean;
  /** As it stands in the query of the member's URL. */
  readonly port: string | undefined;
}

/**
 * The URI of a member.
 *
 * @param remoteAddress where its connection comes from
 * @throws {RegistrationError} if the announced address can not be one
 */
export function memberUri(announced: Announced, remoteAddress: string | undefined): string {
  const host = bareAddress(announced.ip ?? remoteAddress ?? "");
  const port = Number(announced.port);
  if (!/^\d+$/.test(announced.port ?? "") || port < 1 || port > 65_535) {
    throw new RegistrationError(`Cannot register port ${shown(announced.port)}: it must be from 1 to 65535`);
  }
  if (isIP(host) === 0 && !isHostName(host)) {
    throw new RegistrationError(
      `Cannot register address ${shown(host)}: it is no IP address and no host name`,
    );
  }
  if (/^(0\.0\.0\.0|[0:]+)$/.test(host)) {
    throw new RegistrationError(
      `Cannot register address ${host}: nobody can connect to it; set SCC_INSTANCE_IP`,
    );
  }
  if (meansManyPlaces(host, remoteAddress)) {
    throw new RegistrationError(
      `Cannot register address ${host}: it does not lead every machine to the same place; set SCC_INSTANCE_IP to one that others can dial`,
    );
  }
  if (announced.family && isIP(host) !== 0 && (announced.family === "IPv6") !== isIPv6(host)) {
    throw new RegistrationError(`Cannot register address ${host}: it is not ${announced.family}`);
  }
  return `${announced.secure ? "wss" : "ws"}://${hostInUri(host)}:${port}`;
}

/** A host as it stands in a URI: IPv6 in brackets. */
export function hostInUri(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}

/** An address without brackets, and IPv4 as such where it comes mapped into IPv6. */
function bareAddress(address: string): string {
  return plainAddress(address.replace(/^\[(.*)\]$/, "$1"));
}

/** Whether each machine would take an address for another place, and the member's own connection is not from there. */
function meansManyPlaces(host: string, remoteAddress: string | undefined): boolean {
  if (isLoopback(host) || /^(.+\.)?localhost$/i.test(host)) return !isLoopback(remoteAddress);
  return isLinkLocal(host) && !isLinkLocal(remoteAddress);
}

function isHostName(host: string): boolean {
  const labels = host.split(".");
  if (host.length > 253 || labels.every((label) => /^\d+$/.test(label))) return false;
  return labels.every((label) => /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/i.test(label));
}

function shown(text: string | undefined): string {
  return JSON.stringify((text ?? "").slice(0, 100));
}
