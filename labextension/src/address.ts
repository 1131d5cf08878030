/** Addresses as people say them: no scheme, no slash at the end. */
export function bare(address: string): string {
  return address.replace(/^https?:\/\//, '').replace(/\/$/, '');
}

/** True for what a link may open: never `javascript:` or anything else a server could slip in. */
export function isWeb(address: string): boolean {
  return /^https?:\/\//.test(address);
}

/** Open a tab that cannot reach back into the lab. */
export function openTab(address: string): void {
  if (isWeb(address)) {
    window.open(address, '_blank', 'noopener');
  }
}
