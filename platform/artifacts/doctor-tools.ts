/** `millrace doctor`: tools of the machine. */
import { asMillraceError } from '../errors.ts';
import { type DoctorLine, line } from './doctor-line.ts';
import { findJava, javaMajor } from './java.ts';
import { distributionOf, pypiLockOf, thisPlatform } from './locks.ts';
import { versionSaid } from './machine.ts';
import { findPython } from './pip.ts';
import { installText, onPath, type Tool } from './tools.ts';

export function examineTools(env: NodeJS.ProcessEnv): DoctorLine[] {
  const ours = line({
    group: 'tool',
    name: 'node',
    state: 'present',
    version: process.versions.node,
    path: process.execPath,
  });
  const bundled = distributionOf(pypiLockOf('java'), thisPlatform) !== undefined;
  const mvn = examineTool('mvn', env, 'Without it, the jars come by the Ivy that is among Spark’s.', 'not-needed');
  return [ours, examineTool('npm', env, '', 'missing'), ...examinePython(env), mvn, examineJava(env, bundled)];
}

function examineTool(
  tool: Tool,
  env: NodeJS.ProcessEnv,
  absent: string,
  otherwise: 'missing' | 'not-needed',
): DoctorLine {
  const path = onPath(tool, env);
  if (path === undefined) {
    const remedy = otherwise === 'missing' ? installText(tool) : '';
    return line({ group: 'tool', name: tool, state: otherwise, detail: absent, remedy });
  }
  const version = versionSaid(path, '--version');
  if (version !== undefined) return line({ group: 'tool', name: tool, state: 'present', version, path });
  return line({
    group: 'tool',
    name: tool,
    state: 'broken',
    path,
    detail: 'It does not run.',
    remedy: installText(tool),
  });
}

function examinePython(env: NodeJS.ProcessEnv): DoctorLine[] {
  try {
    const { executable: path, version } = findPython(env);
    return [
      line({ group: 'tool', name: 'python3', state: 'present', version, path }),
      line({ group: 'tool', name: 'venv', state: 'present', version, path }),
    ];
  } catch (thrown) {
    const { details, message } = asMillraceError(thrown);
    const venvOnly = details.tool === 'venv';
    const state = venvOnly ? 'present' : 'missing';
    const python = { path: onPath('python3', env) ?? '', remedy: venvOnly ? '' : installText('python3') };
    return [
      line({ group: 'tool', name: 'python3', state, ...python, detail: venvOnly ? '' : message }),
      line({ group: 'tool', name: 'venv', state: 'missing', detail: message, remedy: installText('venv') }),
    ];
  }
}

function examineJava(env: NodeJS.ProcessEnv, bundled: boolean): DoctorLine {
  const found = findJava(env);
  if (found !== undefined) {
    return line({ group: 'tool', name: 'java', state: 'present', version: found.version, path: found.executable });
  }
  const detail = `This machine has no Java ${javaMajor}.`;
  if (bundled)
    return line({
      group: 'tool',
      name: 'java',
      state: 'not-needed',
      detail: `${detail} The one in the cache is used.`,
    });
  return line({ group: 'tool', name: 'java', state: 'missing', detail, remedy: installText('java') });
}
