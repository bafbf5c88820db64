// The build for browsers needs no Java, no native binary and no worker; the package types only its main entry.
declare module 'recheck/lib/browser.js' {
  import type { checkSync } from 'recheck'
  const recheck: { checkSync: typeof checkSync }
  export default recheck
}
