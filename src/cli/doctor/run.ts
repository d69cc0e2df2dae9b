import { type Flags, readConfig } from "../../runtime/config/config.ts";
import { visibleJson } from "../../runtime/visible.ts";
import { examine } from "../../tools/doctor/examine.ts";
import type { Finding } from "../../tools/doctor/finding.ts";
import { doctorSettings } from "../../tools/doctor/settings.ts";
import { DoctorView } from "./view.ts";

/**
 * Looks at a cluster and says what it finds.
 *
 * @returns the exit code: 0 nothing failed, 1 something did
 * @throws {ConfigError} if it is told something that cannot work
 */
export async function runDoctor(env: NodeJS.ProcessEnv, flags: Flags, isJson: boolean): Promise<number> {
  const config = readConfig(doctorSettings, env, flags);
  const { stdout } = process;
  const isTerminal = stdout.isTTY === true;
  const view = new DoctorView({
    isTerminal,
    colours: isTerminal && !env.NO_COLOR && env.TERM !== "dumb",
  });
  const findings: Finding[] = [];
  await examine(config, (finding) => {
    findings.push(finding);
    if (!isJson) stdout.write(view.finding(finding));
  });
  const failed = findings.some(({ status }) => status === "failure");
  stdout.write(
    isJson ? `${visibleJson(JSON.stringify({ ok: !failed, findings }))}\n` : view.summary(findings),
  );
  return failed ? 1 : 0;
}
