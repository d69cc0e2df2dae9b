import { isIPv6 } from "node:net";

/** An IPv4 address without the form that it takes on a socket of IPv6. */
export function plainAddress(address: string): string {
  return address.match(/^::ffff:(\d+\.\d+\.\d+\.\d+)$/i)?.[1] ?? address;
}

/**
 * Who is behind an address, as far as it tells: one host of IPv6 has as many as it likes, so that its network counts.
 *
 * @param bits of an IPv6 address that count, a multiple of 16
 */
export function networkOf(address: string, bits = 64): string {
  const plain = plainAddress(address.split("%", 1)[0] ?? "");
  if (!isIPv6(plain)) return plain;
  const [head = "", tail] = plain.split("::", 2);
  const groups = head === "" ? [] : head.split(":");
  const rest = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - rest.length);
  const all = [...groups, ...Array.from({ length: zeros }, () => "0"), ...rest];
  const counted = all.slice(0, bits / 16).map((group) => Number.parseInt(group, 16).toString(16));
  return `${counted.join(":")}::/${bits}`;
}

/** Whether an address is this very machine's own. */
export function isLoopback(address: string | undefined): boolean {
  if (address === undefined) return false;
  const plain = plainAddress(address);
  return plain === "::1" || /^127(\.\d{1,3}){3}$/.test(plain);
}

/** Whether an address means something on one network cable only, as those of clouds' metadata services. */
export function isLinkLocal(address: string | undefined): boolean {
  return address !== undefined && /^(169\.254\.|fe[89ab][0-9a-f]:)/i.test(plainAddress(address));
}
