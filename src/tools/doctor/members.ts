import type { Overview } from "../../cluster/registration/state-messages.ts";
import type { DialFailure } from "../../link/dial-failure.ts";
import { askIdentity } from "../../link/identity.ts";
import { type Answer, type AskOptions, ask, isSilence, type Silence } from "./ask.ts";
import { type Finding, failure, ok, warning } from "./finding.ts";

type Member = Overview["members"][number];

/** What was found at a member, and its clock. */
export interface MemberFindings {
  readonly findings: readonly Finding[];
  /** How far its clock is ahead of ours, ms; undefined if it did not answer. */
  readonly ahead: number | undefined;
}

export interface MemberOptions extends AskOptions {
  readonly authKey: string | undefined;
}

const UNREACHABLE = "see that it runs, and that this machine may reach it";

/** A broker of the ring: there, itself, ready, and does it take the key. */
export async function examineBroker(
  member: Pick<Member, "uri" | "instanceId">,
  options: MemberOptions,
): Promise<MemberFindings> {
  const subject = `broker ${member.uri}`;
  const readiness = await ask(member.uri, "/readyz", options);
  if (isSilence(readiness)) return { findings: [silent(subject, readiness)], ahead: undefined };
  const ahead = aheadOf(readiness);
  const identity = await identify(member.uri, options);
  return { findings: [findingOf(subject, identity, member.instanceId, readiness)], ahead };
}

function identify(
  uri: string,
  { authKey, credentials, timeoutMs: connectTimeoutMs }: MemberOptions,
): Promise<DialFailure | string> {
  return new Promise((resolve) => {
    askIdentity(
      { uri, authKey, credentials, connectTimeoutMs },
      { identified: (instanceId) => resolve(instanceId), failed: (failure) => resolve(failure) },
    );
  });
}

/** @param identity who answers at its address, or why nobody says so */
function findingOf(
  subject: string,
  identity: DialFailure | string,
  instanceId: string,
  readiness: Answer,
): Finding {
  if (typeof identity === "string")
    return identity === instanceId
      ? readyOrNot(subject, readiness)
      : failure(subject, "another process answers at its address", OTHER);
  if (identity.kind === "auth") return failure(subject, "does not accept the key", KEY);
  return failure(subject, `does not say who it is: ${identity.reason}`, NO_BROKER);
}

/** A worker, at the port where clients are. */
export async function examineWorker(
  { uri }: Pick<Member, "uri">,
  options: MemberOptions,
): Promise<MemberFindings> {
  const subject = `worker ${uri}`;
  const readiness = await ask(uri, "/readyz", options);
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
