/**
 * Bugs of the kinds that such a system has, each planted into the sources by itself. A simulation that does not find one of
 * them is not to be trusted about the others.
 */
import type { SourcePatch } from './bundle.ts';

export interface PlantedBug {
  name: string;
  patches: readonly SourcePatch[];
}

function bug(name: string, file: string, find: string, replace: string): PlantedBug {
  return { name, patches: [{ file, find, replace }] };
}

export const PLANTED_BUGS: readonly PlantedBug[] = [
  bug(
    'lake objects are written without a condition',
    'test/cloud/memory-object-store.ts',
    "const condition = replaces === 'absent' ? { ifNoneMatch: '*' } : { ifMatch: replaces.eTag };",
    'const condition = {};',
  ),
  bug(
    'the row is updated without a condition',
    'lib/table/row-store.ts',
    "Object.fromEntries(['Version', ...EDITED_ATTRIBUTES].map((name) => [name, item[name]]))",
    '{}',
  ),
  bug(
    'no intent is noted',
    'lib/table/intent.ts',
    'saveProgress(row, { intent }, tables',
    'saveProgress(row, {}, tables',
  ),
  bug(
    'taking over leaves the intended writes possible',
    'lib/table/intent.ts',
    'await mapConcurrently(intent, WRITES_AT_ONCE',
    'await mapConcurrently(intent.slice(intent.length), WRITES_AT_ONCE',
  ),
  bug(
    'taking over leaves what does not exist yet possible',
    'lib/table/intent.ts',
    '      if (!file)\n',
    '      if (!file && intent.length === 0)\n',
  ),
  bug(
    'a file taken over gets the content that it had',
    'lib/merge/write-lake-file.ts',
    'return [{ start: 0, end: file.size }, writeFooter({ elements: columns.map(storedElement), rowGroups, metadata })];',
    'void writeFooter({ elements: columns.map(storedElement), rowGroups, metadata });\n  return [{ start: 0, end: file.size }];',
  ),
  bug('an emptied file is deleted at once', 'lib/table/clean-up.ts', 'DAY_MS = 24 * 60 * 60 * 1000', 'DAY_MS = 0'),
  bug(
    'a file is deleted because writing it seemed to fail',
    'lib/table/carry-out.ts',
    'const object = await lake.write(key, deadline.guard(version.pieces), replaces);',
    `const object = await lake.write(key, deadline.guard(version.pieces), replaces).catch(async (error: unknown) => {
          const there = await lake.head(key);
          if (there) await lake.delete(key, there.eTag);
          throw error;
        });`,
  ),
  {
    name: 'a file is marked as merged before it is',
    patches: [
      {
        file: 'lib/table/take-step.ts',
        find: 'const { claimed, written } = await carryOut(row,',
        replace: `const marked = await saveProgress(row, committed(row.progress, planned.slices, planned.plan.counts, clock.now()), tables, random);
  const { claimed, written } = await carryOut(marked,`,
      },
    ],
  },
  bug(
    'LastIncrementalFile is written apart from the commit',
    'lib/table/take-step.ts',
    'const done = await saveProgress(claimed, progress, tables, random);',
    `const { coverage, lastChangeFile, ...others } = progress;
    const half = await saveProgress(claimed, others, tables, random);
    const done = await saveProgress(half, { coverage, lastChangeFile }, tables, random);`,
  ),
  bug(
    'what is late is taken for merged',
    'lib/table/pending.ts',
    '(file) => !isAccountedFor(file, progress.coverage) && file.lastModified',
    '(file) => !isLate(file, progress) && !isAccountedFor(file, progress.coverage) && file.lastModified',
  ),
  bug(
    'a late file overrules later ones',
    'lib/merge/plan-merge.ts',
    'await superseded?.(changes);',
    'if (changes.size < 0) await superseded?.(changes);',
  ),
  bug(
    'an insert is taken for new without looking',
    'lib/merge/plan-merge.ts',
    'const found = places.get(row) ?? [];',
    "const found = batch.operations[row] === 'I' ? [] : (places.get(row) ?? []);",
  ),
  bug(
    'what was appended by a merge that died is appended again',
    'lib/merge/plan-append.ts',
    'if (held.has(holdKey(folder, hold))) continue;',
    'if (held.has(`never ${holdKey(folder, hold)}`)) continue;',
  ),
  bug(
    'the first operation on a key wins within a batch',
    'lib/merge/fold.ts',
    'last.set(keyOf(row), row);',
    'if (!last.has(keyOf(row))) last.set(keyOf(row), row);',
  ),
  bug(
    'wake-ups of a table are in no group',
    'lib/queue/wake-up.ts',
    'return sha256(table);',
    'return sha256(`${table}${(groups += 1)}`);\n}\n\nlet groups = 0;\nexport function groupsMade(): number {\n  return groups;',
  ),
  bug(
    'a blocked table hands its wake-ups back',
    'lib/table/reconcile-batch.ts',
    'const cause = `more is to be done after ${requestId}`;',
    "const cause = `more is to be done after ${requestId}`;\n  if (state === 'blocked') throw new Error('blocked');",
  ),
  bug(
    'an edit of the row wakes nobody',
    'lib/table/wake.ts',
    'return before?.WriteId === after.WriteId && !isDeepStrictEqual(before, after);',
    'return before?.WriteId === after.WriteId && isDeepStrictEqual(before, after);',
  ),
  bug(
    'the sweep passes over blocked tables',
    'lib/table/sweep.ts',
    'isToBeTried = blocked !== undefined || ',
    'isToBeTried = ',
  ),
  bug(
    'a row leaves its partition before it is in the new one',
    'lib/merge/plan-merge.ts',
    'const phases = [[...created, ...first], second].filter',
    'const phases = [second, [...created, ...first]].filter',
  ),
  bug(
    'a full load is added before the old rows are gone',
    'lib/merge/replacements.ts',
    'const phases = [emptiedFiles, widened, ...plan.phases].filter',
    'const phases = [widened, ...plan.phases, emptiedFiles].filter',
  ),
  bug(
    'a bad file is passed over',
    'lib/table/slices.ts',
    '        throw opened.reason;\n',
    '        if (!(opened.reason instanceof TableBlocked) || files.length === 1) throw opened.reason;\n        continue;\n',
  ),
  bug(
    'keys that were edited are not looked at again',
    'lib/table/row.ts',
    'return builtWith !== undefined && settingsText(settings) !== settingsText(builtWith);',
    'return builtWith !== undefined && settingsText(settings) === `${settingsText(builtWith)} `;',
  ),
  bug(
    'a new full load keeps the change files before it',
    'lib/table/full-load.ts',
    'pending.length > 0 ? Math.min(...pending.map(({ lastModified }) => lastModified.getTime())) : progress.since;',
    'pending.length > 0 ? 0 : progress.since;',
  ),
  bug(
    'the mark is raised over files that are not merged',
    'lib/table/raise-mark.ts',
    'const done = whole.changeFiles.filter((file) => !first || compareChangeFiles(file, first) < 0);',
    'const done = whole.changeFiles.filter((file) => !first || compareChangeFiles(file, first) < 1);',
  ),
  bug(
    'of files of the same second some are kept by name and some are not',
    'lib/table/coverage.ts',
    'byDate.filter((file) => file.lastModified.getTime() >= sweptAt).map',
    'byDate.filter((file) => file.lastModified.getTime() >= sweptAt).slice(1 - NAMES_KEPT_MAX).map',
  ),
  bug(
    'a failure of one table hands back nothing',
    'lib/table/reconcile-batch.ts',
    'failed.push(...woken.messageIds);',
    'failed.push(...woken.messageIds.slice(woken.messageIds.length));',
  ),
  bug(
    'a failure of one table hands back the whole batch',
    'lib/table/reconcile-batch.ts',
    'failed.push(...woken.messageIds);',
    'failed.push(...messages.map(({ messageId }) => messageId));',
  ),
  bug(
    'a table of one raw file is taken for truncated',
    'lib/table/vanished.ts',
    'listedFiles(listing).length + listing.skipped.length > 0;',
    'listedFiles(listing).length + listing.skipped.length > 1;',
  ),
  bug(
    'the lake of a truncated table is emptied whatever its row says',
    'lib/table/truncation.ts',
    'emptiesLake(row, config) ? withoutRows(row, since)',
    'since ? withoutRows(row, since)',
  ),
  bug(
    'a table is built anew from whatever raw files are left',
    'lib/table/rebuild.ts',
    'if (gone.length > 0 || allGone || merged < progress.changeFiles) {',
    'if (gone.length + merged < 0) {',
  ),
  bug(
    'a late file is merged though later ones are gone',
    'lib/table/decide.ts',
    'if (missing.length > 0 || (!older && later.length < progress.changeFiles)) {',
    'if (missing.length > 0 && !older && later.length < 0) {',
  ),
  bug(
    'a file that counts again stays below the mark',
    'lib/table/skip.ts',
    '? notCovering({ ...parsed, lastModified: file.lastModified }, coverage, listing)',
    '? coverage',
  ),
  bug(
    'a load file that counts again is taken for a new load',
    'lib/table/skip.ts',
    'if (load && changesBegan(row.progress)) {',
    "if (load?.name === '') {",
  ),
  bug(
    'a load file in the place of one that is skipped is taken for a new load',
    'lib/table/full-load.ts',
    'if (!skipped.has(name)) return false;',
    'if (!skipped.has(`${name} `)) return false;',
  ),
  bug(
    'a load file in the place of a bad one is taken for a new load while the table is built anew',
    'lib/table/full-load.ts',
    'return !first || first.lastModified.getTime() <= loadedUntil;',
    'return !first && loadedUntil < 0;',
  ),
  bug(
    'of a row that is there twice one is left',
    'lib/merge/plan-merge.ts',
    'if (place === home) continue;',
    'if (home) continue;',
  ),
  {
    name: 'what the hourly solution merged is merged again',
    patches: [
      {
        file: 'lib/table/begin.ts',
        find: 'coverage: takenOver(mark.name, merged, listing.listedAt),',
        replace: 'coverage: takenOver(mark.name, [], 0),',
      },
      // Else they would be known by their names.
      { file: 'lib/table/begin.ts', find: 'merged.map(({ name }) => name),', replace: '[],' },
    ],
  },
  bug(
    'files keep a type that has become too narrow',
    'lib/merge/replacements.ts',
    'const narrower = lake.files.filter((file) => !planned.has(file.key) && differs(file, lake.columns));',
    'const narrower = lake.files.filter((file) => planned.has(`${file.key} `) && differs(file, lake.columns));',
  ),
  bug(
    'chunks of a narrower type are taken for wider ones',
    'lib/merge/file-edits.ts',
    'const encodeAll = !keepsChunks(this.file, columns);',
    'const encodeAll = !keepsChunks(this.file, this.file.footer.columns);',
  ),
  bug(
    'an entry of the index counts for any version of its file',
    'lib/lake/table-index.ts',
    'if (file?.eTag === eTag && file.size === size) entries.set',
    'if (file && size > 0 && eTag) entries.set',
  ),
  bug(
    'rows of a file that was replaced before its merge was done stay',
    'lib/table/plan-step.ts',
    'const due = decideUncommitted(row, listing, held);',
    'const due = held.length < 0 ? decideUncommitted(row, listing, held) : undefined;',
  ),
  bug(
    'taking over leaves files whose rows were joined to another',
    'lib/table/reconciliation.ts',
    'const settled = await emptyJoinedFiles(taken, this.compactionSite(prefix));',
    'const settled = taken;',
  ),
  bug(
    'a replay begins though files after its beginning are gone',
    'lib/table/replay-from.ts',
    'if (missing.length === 0 && !isBeginGone && !isLost) return;',
    'if (missing.length >= 0) return;',
  ),
  bug(
    'a replay goes on with a half merged file before those that it merges again',
    'lib/table/replay-from.ts',
    'partial: begun && isAgain(begun) ? undefined : progress.partial,',
    'partial: progress.partial,',
  ),
  bug(
    'a file is skipped while it may be written',
    'lib/table/skip.ts',
    "if (wasMerged || (!isInTheWay && (progress.intent.length > 0 || progress.attempts > 0))) return nothing('under way');",
    "if (wasMerged) return nothing('under way');",
  ),
  bug(
    'a half merged file is skipped and its rows are left',
    'lib/table/skip.ts',
    'if (progress.partial?.file === name || (isInTheWay && (wasMerged || isBegun))) {',
    'if (isInTheWay && (wasMerged || isBegun)) {',
  ),
  bug(
    'what replaced a half merged file goes on where that one was',
    'lib/table/decide.ts',
    'const replaced = begun && begun.eTag !== partial?.eTag;',
    "const replaced = begun && begun.eTag === '';",
  ),
  bug(
    'what a half merged file had said stays when it is replaced',
    'lib/table/decide.ts',
    'if (withoutOld) return withoutOld;',
    'if (row.settings.primaryKey.length === 0 && withoutOld) return withoutOld;',
  ),
  bug(
    'a piece of a new load is known by its bytes alone',
    'lib/table/pending.ts',
    'return isVersionSuperseded(file, progress) && file.lastModified.getTime() <= supersededUntil;',
    'return isVersionSuperseded(file, progress) || supersededUntil < 0;',
  ),
  bug(
    'the stream of rows passes over what failed',
    'lib/table/wake.ts',
    'return { failed: [sequenceNumber] };',
    'return { failed: [] };',
  ),
  bug(
    'what is left of earlier loads waits for a merge to be removed',
    'lib/table/sweep.ts',
    'isHalfDone || isToBeTried || isCleanUpDue(row.progress, now)',
    'isHalfDone || isToBeTried',
  ),
  bug(
    'the mark is raised over files that came late',
    'lib/table/raise-mark.ts',
    'if (first && isLate(first, row.progress)) return { row, listing: whole };',
    '',
  ),
  bug(
    'a table that is built anew takes what its load superseded',
    'lib/table/rebuild.ts',
    'since,\n      supersededLoadFiles,',
    'since: Math.min(0, since),\n      supersededLoadFiles,',
  ),
  bug(
    'merged files that were copied are taken for late ones',
    'lib/table/decide.ts',
    "if (recognised) return { kind: 'recognised', ...recognised };",
    '',
  ),
  bug(
    'what mends a half merged load file is taken for a new full load',
    'lib/table/full-load.ts',
    'const begun = half && beginsAnew(half, progress, listing) ? half : undefined;',
    'const begun = half;',
  ),
  bug(
    'a lake is emptied though raw files are left that it was made from',
    'lib/table/vanished.ts',
    'return others === 0 && listing.changeFiles.length > 0',
    'return others >= 0 && listing.changeFiles.length > 0',
  ),
  bug(
    'a lake that is half emptied stays so',
    'lib/table/truncation.ts',
    "if (current.progress.rawGone?.lake !== 'emptying') return current;",
    "if (current.progress.rawGone?.lake !== 'emptying' || current === row) return current;",
  ),
];
