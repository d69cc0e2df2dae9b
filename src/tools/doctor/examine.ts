import type { Overview } from "../../cluster/registration/state-messages.ts";
import { ask, isSilence } from "./ask.ts";
import { examineClocks, examineKey, examineReleases, examineRing } from "./cluster.ts";
import type { Finding } from "./finding.ts";
import { examineCertificates, examineOpenFiles, examineRelease } from "./here.ts";
import { examineBroker, examineWorker, type MemberFindings, type MemberOptions } from "./members.ts";
import { examineName, observe, stateUri } from "./observe.ts";
import type { DoctorConfig } from "./settings.ts";

/** Members asked at a time. */
const AT_A_TIME = 16;

/** Looks at a cluster from here. Each finding is told as it is made, and joins nothing. */
export async function examine(config: DoctorConfig, found: (finding: Finding) => void): Promise<void> {
  found(examineRelease());
  found(examineOpenFiles());
  const { credentials, findings } = examineCertificates(config, Date.now());
  for (const finding of findings) found(finding);
  found(await examineName(config.stateServerHost));
  const overview = await observe(config, credentials);
  if ("failed" in overview) return found(overview.failed);
  found(examineKey(`scc-state ${stateUri(config)}`, config.authKey, config.insecure));
  found(examineReleases(overview));
  for (const finding of examineRing(overview)) found(finding);
  const options = { credentials, timeoutMs: config.timeout, authKey: config.authKey };
  const ahead = await examineMembers(overview, options, found);
  await noteClock(stateUri(config), options, ahead);
  found(examineClocks(ahead));
}

/** @returns how far their clocks are ahead, ms, by URI */
async function examineMembers(
  { ring, members }: Overview,
  options: MemberOptions,
  found: (finding: Finding) => void,
): Promise<Map<string, number>> {
  const ahead = new Map<string, number>();
  // Processes of one worker share their port.
  const workers = new Map(members.filter(({ role }) => role === "worker").map((each) => [each.uri, each]));
  const looks: { readonly uri: string; readonly look: () => Promise<MemberFindings> }[] = [
    ...ring.brokers.map((each) => ({ uri: each.uri, look: () => examineBroker(each, options) })),
    ...[...workers.values()].map((each) => ({ uri: each.uri, look: () => examineWorker(each, options) })),
  ];
  for (let first = 0; first < looks.length; first += AT_A_TIME) {
    const some = looks.slice(first, first + AT_A_TIME);
    const results = await Promise.all(some.map(({ look }) => look()));
    results.forEach((result, index) => {
      for (const finding of result.findings) found(finding);
      if (result.ahead !== undefined) ahead.set(some[index]?.uri ?? "", result.ahead);
    });
  }
  return ahead;
}

async function noteClock(uri: string, options: MemberOptions, ahead: Map<string, number>): Promise<void> {
  const answer = await ask(uri, "/livez", options);
  if (!isSilence(answer) && answer.date !== undefined) ahead.set(uri, answer.date + 500 - Date.now());
}
