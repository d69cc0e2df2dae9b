/**
 * Who gives way where there is no more room: of the network that most of them come from, the first. Who comes alone
 * stays as long as somebody else has several.
 *
 * @param strangers those who may be asked to, the one that is to go first in front
 */
export function givesWay<T>(strangers: readonly T[], networkOf: (stranger: T) => string): T | undefined {
  const byNetwork = new Map<string, T[]>();
  for (const stranger of strangers) {
    const network = networkOf(stranger);
    const others = byNetwork.get(network);
    if (others === undefined) byNetwork.set(network, [stranger]);
    else others.push(stranger);
  }
  let most: readonly T[] = [];
  for (const each of byNetwork.values()) if (each.length > most.length) most = each;
  return most[0];
}
