/** Who cannot use which brokers, by instance. scc-state itself is one of the accusers. */
export type Accusations = ReadonlyMap<string, readonly string[]>;

/**
 * The brokers that are at fault: those that two or more cannot use, and that are at odds with more members than any of
 * those who accuse them. An accusation counts against both of its ends, so that whoever accuses everybody has the most,
 * and removes nobody. But what a broker says of others does not make a second accuser of it: one worker that has lost
 * its way to a broker, and that broker's word about another that crashed, would take a healthy one away. Pure.
 */
export function accusedBy(accusations: Accusations, brokers: readonly string[]): string[] {
  const against = new Map<string, number>();
  const count = (instanceId: string): number => against.get(instanceId) ?? 0;
  for (const [accuser, accused] of accusations) {
    for (const instanceId of new Set(accused)) {
      if (instanceId === accuser || !brokers.includes(instanceId)) continue;
      against.set(instanceId, count(instanceId) + 1);
      against.set(accuser, count(accuser) + 1);
    }
  }
  return brokers.filter((instanceId) => {
    const accusers = [...accusations].filter(
      ([accuser, accused]) => accuser !== instanceId && accused.includes(instanceId),
    );
    return accusers.length >= 2 && accusers.every(([accuser]) => count(accuser) < count(instanceId));
  });
}

/** The brokers that an accuser cannot use, and everybody else can. */
export function aloneWith(accuser: string, accusations: Accusations, brokers: readonly string[]): string[] {
  const others = new Set<string>();
  for (const [other, accused] of accusations) if (other !== accuser) for (const id of accused) others.add(id);
  const own = new Set(accusations.get(accuser));
  return brokers.filter((instanceId) => own.has(instanceId) && !others.has(instanceId));
}
