/** The stand-in for DMS as a process of its own, to be killed: its options as JSON in the first argument. */
import { DmsStandIn, type StandInOptions } from '../../lib/mysql/dms-stand-in.ts';
import { SYSTEM_CLOCK, SYSTEM_RANDOM } from '../../lib/system.ts';

const options = JSON.parse(process.argv[2] ?? '') as Omit<StandInOptions, 'clock' | 'random'>;
const standIn = await DmsStandIn.start({ ...options, clock: SYSTEM_CLOCK, random: SYSTEM_RANDOM });
await standIn.failed;
