import { createHash } from "node:crypto";

/**
 * Where upstream's workers place channels: to be matched to the letter, since an upstream worker asks nobody.
 * Both take the brokers' URIs sorted, as scc-state hands them out, and return an index, -1 for none.
 */

/** Sites of one skeleton cluster; further ones form clusters of their own. */
const CLUSTER_SIZE = 16;
const FANOUT = 2;

/**
 * The default: the npm package `skeleton-rendezvous` with its defaults. Up to 16 sites the highest MD5 of the
 * key, "0" and the site wins; beyond, digests of the key lead through a binary tree to a cluster of 16 first.
 */
export function skeletonSite(key: string, uris: readonly string[]): number {
  if (uris.length === 0) return -1;
  const clusters = clustersOf(uris.map((_, index) => index));
  const levels = Math.ceil(Math.log(clusters.length) / Math.log(FANOUT));
  for (let salt = 0; ; salt++) {
    const path = pathThroughTree(`${key}${salt === 0 ? "" : salt}`, levels);
    const cluster = clusters[path === "" ? 0 : Number.parseInt(path, FANOUT)];
    // A path may lead to where no cluster is; another salt leads elsewhere.
    if (cluster !== undefined) return highest(`${key}${salt}${path}`, cluster, uris);
  }
}

/** `SCC_MAPPING_ENGINE=simple`: the key's MD5, taken modulo the number of sites. */
export function simpleSite(key: string, uris: readonly string[]): number {
  if (uris.length === 0) return -1;
  let sum: number | string = md5(key);
  for (const character of md5(key)) sum = wrapped(sum, character.charCodeAt(0));
  return Math.abs(Number(sum)) % uris.length;
}

/** One step of upstream's sum, which starts from the digest's text itself: only its number counts. */
function wrapped(sum: number | string, code: number): number {
  // "((hash << 5) - hash) + code", cut to 32 bits; a text that is no number counts as 0 on the left and NaN
  // on the right, and NaN cut to 32 bits is 0.
  const shifted = Number(sum) << 5;
  return (shifted - Number(sum) + code) | 0;
}

function clustersOf(sites: readonly number[]): number[][] {
  const clusters: number[][] = [];
  for (let start = 0; start < sites.length; start += CLUSTER_SIZE) {
    clusters.push(sites.slice(start, start + CLUSTER_SIZE));
  }
  const last = clusters.at(-1);
  if (clusters.length < 2 || last === undefined || last.length === CLUSTER_SIZE) return clusters;
  // A last cluster that is not full is dealt out to the others.
  clusters.pop();
  for (const [index, site] of last.entries()) clusters[index % clusters.length]?.push(site);
  return clusters;
}

function pathThroughTree(key: string, levels: number): string {
  let path = "";
  for (let level = 0; level < levels; level++) {
    path += md5(`${key}${level}1`) > md5(`${key}${level}0`) ? "1" : "0";
  }
  return path;
}

function highest(item: string, sites: readonly number[], uris: readonly string[]): number {
  let best = -1;
  let bestDigest = "";
  for (const site of sites) {
    const digest = md5(`${item}${uris[site]}`);
    if (digest <= bestDigest) continue;
    best = site;
    bestDigest = digest;
  }
  return best;
}

function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}
