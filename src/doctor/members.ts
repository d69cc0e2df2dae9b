import type { Overview } from "../cluster/state-messages.ts";
import { IDENTITY_PATH } from "../link/accept.ts";
import { type Answer, type AskOptions, ask, isSilence, type Silence } from "./ask.ts";
import { type Finding, failure, ok, warning } from "./finding.ts";

type Member = Overview["members"][number];

/** What was found at a member, and its clock. */
export interface MemberFindings {
  readonly findings: readonly Finding[];
  /** How far its clock is ahead of ours, ms; undefined if it did not answer. */
  readonly ahead: number | undefined;
}

const UNREACHABLE = "see that it runs, and that this machine may reach it";

/** A broker of the ring: there, itself, ready, and does it take the key. */
export async function examineBroker(
  member: Pick<Member, "uri" | "instanceId">,
  options: AskOptions,
): Promise<MemberFindings> {
  const subject = `broker ${member.uri}`;
  const { authKey: _, ...withoutKey } = options;
  const readiness = await ask(member.uri, "/readyz", withoutKey);
  if (isSilence(readiness)) return { findings: [silent(subject, readiness)], ahead: undefined };
  const ahead = aheadOf(readiness);
  const identity = await ask(member.uri, IDENTITY_PATH, options);
  if (isSilence(identity)) return { findings: [silent(subject, identity)], ahead };
  if (identity.status === 401 && identity.text.startsWith("BadClusterAuthError"))
    return { findings: [failure(subject, "does not accept the key", KEY)], ahead };
  if (identity.status !== 200)
    return { findings: [failure(subject, `answers ${identity.status}: ${identity.text}`, NO_BROKER)], ahead };
  if (identity.text !== member.instanceId)
    return { findings: [failure(subject, "another process answers at its address", OTHER)], ahead };
  return { findings: [readyOrNot(subject, readiness)], ahead };
}

/** A worker, at the port where clients are. */
export async function examineWorker(
  { uri }: Pick<Member, "uri">,
  options: AskOptions,
): Promise<MemberFindings> {
  const subject = `worker ${uri}`;
  // Never the key: it is the application's port.
  const { authKey: _, ...withoutKey } = options;
  const readiness = await ask(uri, "/readyz", withoutKey);
  if (isSilence(readiness)) {
    const { reason, remedy = UNREACHABLE } = readiness;
    // Nobody in the cluster dials workers: clients may reach them in another way.
    return {
      findings: [warning(subject, `cannot be reached from here: ${reason}`, remedy)],
      ahead: undefined,
    };
  }
  return { findings: [readyOrNot(subject, readiness)], ahead: aheadOf(readiness) };
}

const KEY = "give all processes the same SCC_AUTH_KEY; SCC_AUTH_KEY_SECONDARY is for changing it";
const NO_BROKER = "see that SCC_INSTANCE_IP and SCC_INSTANCE_PORT of the broker lead to the broker itself";
const OTHER =
  "the broker was started again, or its address leads elsewhere; if this lasts, see SCC_INSTANCE_IP";

function silent(subject: string, { reason, remedy = UNREACHABLE }: Silence): Finding {
  return failure(subject, `cannot be reached from here: ${reason}`, remedy);
}

function readyOrNot(subject: string, { status, text }: Answer): Finding {
  if (status === 200) return ok(subject, "ready");
  return failure(
    subject,
    `not ready: ${text || `answers ${status}`}`,
    "see its log: it names what is missing",
  );
}

/** Dates come to the second: half of one is what they are ahead on average. */
function aheadOf({ date }: Answer): number | undefined {
  return date === undefined ? undefined : date + 500 - Date.now();
}
