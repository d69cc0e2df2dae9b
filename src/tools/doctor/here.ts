import { readFileSync } from "node:fs";
import { ConfigError } from "../../runtime/errors.ts";
import { RELEASE } from "../../runtime/release.ts";
import { Certificates, type Credentials } from "../../runtime/tls/certificates.ts";
import { type Finding, failure, ok, warning } from "./finding.ts";
import type { DoctorConfig } from "./settings.ts";

const DAY_MS = 86_400_000;
const SOON_DAYS = 7;
/** Each client, and each link, is an open file. */
const FEW_FILES = 10_000;

/** The release that looks, which is also the one that members are compared with. */
export function examineRelease(): Finding {
  return ok("scc doctor", `release ${RELEASE}, Node.js ${process.version}, on ${process.platform}`);
}

/** The certificates that a member would use here. */
export function examineCertificates(
  config: DoctorConfig,
  now: number,
): { readonly credentials: Credentials; readonly findings: readonly Finding[] } {
  const { tlsCertFile, tlsCaFile } = config;
  if (tlsCertFile === undefined && tlsCaFile === undefined) return { credentials: {}, findings: [] };
  const subject = "certificates";
  try {
    const certificates = new Certificates(config);
    return { credentials: certificates.current, findings: [examineValidity(subject, certificates, now)] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const text = error.problems.join("; ");
    return {
      credentials: {},
      findings: [failure(subject, text, "put PEM files there that belong together")],
    };
  }
}

function examineValidity(subject: string, certificates: Certificates, now: number): Finding {
  if (!certificates.hasOwn) return ok(subject, "trusts those in SCC_TLS_CA_FILE, and shows none of its own");
  const { validUntil } = certificates;
  const days = (validUntil - now) / DAY_MS;
  const date = new Date(validUntil).toISOString().slice(0, 10);
  const remedy = "renew SCC_TLS_CERT_FILE and SCC_TLS_KEY_FILE; processes take the new files by themselves";
  if (days <= 0) return failure(subject, `the own one has expired on ${date}`, remedy);
  if (days <= SOON_DAYS) return warning(subject, `the own one expires on ${date}`, remedy);
  return ok(subject, `the own one is valid until ${date}`);
}

/** @param limits what the system says of this process's limits; default: asks it */
export function examineOpenFiles(limits: string | undefined = readLimits()): Finding {
  const subject = "open files";
  const most = limits?.match(/^Max open files\s+(\d+|unlimited)/m)?.[1];
  if (most === undefined) return ok(subject, "this system does not say how many a process may have");
  if (most !== "unlimited" && Number(most) < FEW_FILES)
    return warning(
      subject,
      `a process started here may have ${most}: each client and each link is one`,
      "raise it: ulimit -n 65536, LimitNOFILE= of systemd, or the container runtime's default",
    );
  return ok(subject, `a process started here may have ${most}`);
}

function readLimits(): string | undefined {
  try {
    return readFileSync("/proc/self/limits", "utf8");
  } catch {
    return undefined; // not Linux
  }
}
