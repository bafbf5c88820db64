/**
 * Explains why a file or a folder cannot be read or written.
 * @param error an error of `node:fs`, whose `code` decides
 * @param expected what the path should be
 * @returns the end of a sentence that begins with the path, with what to do and a full stop
 */
export function explainFileError(error: unknown, expected: 'file' | 'folder'): string {
  const code = (error as { code?: string } | undefined)?.code ?? 'unknown error'
  return (expected === 'file' ? OF_FILES : OF_FOLDERS)[code] ?? COMMON[code] ?? `cannot be read (${code}).`
}

const OF_FILES: Record<string, string> = {
  ENOENT: 'does not exist; mount the file there, or correct the path.',
  EISDIR:
    'is a folder, but must be a file. Docker creates a folder if the file of a mount does not exist on the host: create the file, and the container again.',
  ENOTDIR: 'is not a path of a file, because a part of it is a file instead of a folder; correct the path.',
}

const OF_FOLDERS: Record<string, string> = {
  ENOENT: 'does not exist; create or mount the folder, or correct the path.',
  ENOTDIR: 'is a file, but must be a folder; name the folder that contains the file.',
}

const COMMON: Record<string, string> = {
  EACCES: 'is not readable by this process; grant access to the user that runs the service.',
  EPERM: 'is not readable by this process; grant access to the user that runs the service.',
  EROFS: 'is on a read-only file system; mount it writable, or choose another path.',
  ENOSPC: 'is on a file system without free space; free some.',
  ELOOP: 'is a symbolic link that leads to itself; correct it.',
}
