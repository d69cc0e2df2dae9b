import type { Overview } from "../../cluster/registration/state-messages.ts";
import { formatVersion } from "../../pubsub/version.ts";
import { RELEASE } from "../../runtime/release.ts";
import { type Finding, failure, ok, warning } from "./finding.ts";

/** Clocks that differ by less are not worth a word, ms. */
const CLOSE_MS = 2000;
const MOST_NAMED = 5;

/** The key, as far as one can tell by having been let in. */
export function examineKey(subject: string, authKey: string | undefined, isMeant: boolean): Finding {
  if (authKey !== undefined) return ok(subject, "proves that it holds the key");
  if (isMeant) return ok(subject, "asks for no key, as SCC_INSECURE says is meant");
  return warning(subject, NO_KEY, "set SCC_AUTH_KEY for all processes, or SCC_INSECURE=1 if that is meant");
}

const NO_KEY =
  "asks for no key: whoever reaches it is a member, reads and publishes everything, and can stop the cluster";

export function examineRing({ ring, isSettled, waiting, members }: Overview): Finding[] {
  const { brokers, version, placement } = ring;
  if (brokers.length === 0) {
    const text = `there is none yet; ${waiting} brokers wait to be let in`;
    return [failure("ring", text, "start a broker, or see in scc-state's log why one is refused")];
  }
  const waits = waiting > 0 ? `, ${waiting} wait to be let in` : "";
  const name = `version ${formatVersion(version)}, ${placement}`;
  const findings = isSettled
    ? [ok("ring", `${name}, ${brokers.length} brokers, settled${waits}`)]
    : [warning("ring", `${name}, ${brokers.length} brokers, being settled${waits}`, WAIT)];
  const away = brokers.filter(({ instanceId }) =>
    members.every((member) => member.instanceId !== instanceId),
  );
  for (const { uri } of away)
    findings.push(warning("ring", `broker ${uri} is in it, but does not talk with scc-state`, AWAY));
  if (brokers.length === 1) findings.push(warning("ring", "one broker owns everything", ONE));
  return findings;
}

const WAIT = "look again: it takes seconds, unless a broker is stuck (see the logs of brokers)";
const AWAY = "see the broker's log for why it cannot reach scc-state; traffic goes on meanwhile";
const ONE = "start a second broker, so that one may be lost without a pause for all channels";

export function examineReleases({ release, members }: Overview): Finding {
  const releases = new Map<string, string[]>([[release, ["scc-state"]]]);
  for (const member of members) {
    const own = member.release ?? "unknown";
    releases.set(own, [...(releases.get(own) ?? []), member.uri]);
  }
  const subject = "releases";
  if (releases.size > 1) {
    const each = [...releases].map(([name, who]) => `${name}: ${some(who)}`).join("; ");
    return warning(subject, `differ: ${each}`, "finish the upgrade: a cluster is tested as a whole");
  }
  if (release === RELEASE) return ok(subject, `${release} everywhere`);
  return warning(
    subject,
    `${release} everywhere, ${RELEASE} here`,
    "use the command of the cluster's release",
  );
}

/** Nothing in the cluster goes by the clock; certificates, tokens and people who read logs do. */
export function examineClocks(ahead: ReadonlyMap<string, number>): Finding {
  const subject = "clocks";
  const off = [...ahead].filter(([, ms]) => Math.abs(ms) > CLOSE_MS);
  if (off.length === 0) return ok(subject, `${ahead.size} within ${CLOSE_MS / 1000} s of this one`);
  const each = off.map(([uri, ms]) => `${uri} by ${(ms / 1000).toFixed(0)} s`);
  return warning(
    subject,
    `differ from this one: ${some(each)}`,
    "let machines take the time from the network (NTP): certificates and tokens go by it, and logs are read by it",
  );
}

function some(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return names.slice(0, MOST_NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
