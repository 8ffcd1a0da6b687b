/**
 * The script for a shell, as the library prints it. That for bash is mended: its names of constants are those of every script
 * that the library writes, and cannot be set twice; and behind `--option=` it compares with the whole word.
 * @param print prints the script by `console.log`
 */
export function completionScript(shell: string, print: () => void): string {
  const script = printed(print);
  if (shell !== 'bash') return script;
  return script
    .replaceAll(/^readonly ShellCompDirective/gm, '__tidemark_Directive')
    .replaceAll('$ShellCompDirective', '$__tidemark_Directive')
    .replace(/^( *)COMPREPLY=\( \$\(compgen -W/m, `$1[[ "$cur" == -*=* ]] && cur="\${cur#*=}"\n$&`);
}

function printed(print: () => void): string {
  const lines: unknown[] = [];
  const { log } = console;
  console.log = (line: unknown) => void lines.push(line);
  try {
    print();
  } finally {
    console.log = log;
  }
  return lines.join('\n');
}
