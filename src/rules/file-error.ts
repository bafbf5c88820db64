/**
 * Explains why a file or a folder cannot be read.
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
  ELOOP: 'is a symbolic link that leads to itself; correct it.',
}

/**
 * Explains why a file or a folder cannot be written.
 * @param error an error of `node:fs`
 * @returns the end of a sentence that begins with the path
 */
export function explainWriteError(error: unknown): string {
  const code = (error as { code?: string } | undefined)?.code ?? 'unknown error'
  return WRITE_ERRORS[code] ?? `cannot be written (${code}).`
}

const WRITE_ERRORS: Record<string, string> = {
  EROFS: 'is on a read-only file system; run the command where it is mounted writable, or choose another path.',
  EACCES: 'is not writable by this process; grant write access to the user that runs it.',
  EPERM: 'is not writable by this process; grant write access to the user that runs it.',
  EEXIST: 'is a file, but must be a folder; correct the path.',
  ENOTDIR: 'cannot be created, because a part of its path is a file; correct the path.',
  ENOSPC: 'is on a file system without free space; free some.',
  EDQUOT: 'is on a file system without free space for this user; free some.',
}
