import { existsSync, readFileSync } from 'node:fs';
import { Argument, Command, CommanderError, Option } from 'commander';
import { BadInput, KnownError } from '../platform/errors.ts';
import type { Installation } from './installation.ts';
import type * as Users from './user.ts';
import type * as Webhooks from './webhooks.ts';

/**
 * The `huifang` command. Exit status 0: fine; 1: the check failed, or it could not be done; 2: wrong use or bad input.
 * Commands load what they need when they are called, so that `--help` does not wait for a database driver.
 */
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const program = new Command('huifang')
  .version(version, '-V, --version', '版本 · print the version')
  .description('回访 · verifiably random follow-up calls, and a score that its owner can recompute')
  .exitOverride()
  .configureHelp({ sortSubcommands: false });

program
  .command('demo')
  .description('演示：从名册到公布栏的一整轮 · one whole round on this machine, with simulated retailers')
  .option('--managers <n>', 'number of customer managers (default 20)')
  .option('--retailers <total>', 'number of retailers in all (default 180 a manager)')
  .option('--seed <text>', 'fixes nonces, roster and retailers: equal seeds give equal draws and scores', 'huifang')
  .option('--out <dir>', "write the auditors' bundle there")
  .option('--exit', 'end after publishing instead of serving the console', false)
  .option('--discard', 'throw away an unfinished demo and start anew', false)
  .action(async (options) => {
    const [{ demo }, { openProgress }, { openLog }] = await Promise.all([
      import('./demo/demo.ts'),
      import('./demo/progress.ts'),
      import('../platform/log.ts'),
    ]);
    await demo(options, openLog(process.env.LOG_LEVEL || 'error'), openProgress(process.stderr));
  });

program
  .command('serve')
  .description('运行服务 · run the service (npm start)')
  .action(async () => (await import('./serve.ts')).serve());

program
  .command('migrate')
  .description('更新数据库结构 · bring the database up to date')
  .action(async () => (await import('./migrate.ts')).migrateDatabase(process.stdout));

const rosterKind = (...more: string[]) =>
  new Argument('<kind>', 'what the file holds').choices(['managers', 'retailers', 'indicators', ...more]);

program
  .command('import')
  .description(
    '导入名册、指标、工作记录、目标、培训记录或员工号码（CSV、XLSX）· import a roster, unit indicators, dated events, targets, training records or the staff’s own numbers from CSV or XLSX',
  )
  .addArgument(rosterKind('events', 'targets', 'training', 'staff'))
  .argument('<file>', 'CSV (UTF-8 or GBK) or XLSX')
  .option('--dry-run', '只报告会有哪些变更 · say what would change, and change nothing')
  .option('--full', '文件是全部零售户，没有的停业 · every retailer is in the file: close those who are not')
  .option(
    '--closing <number>',
    '停业户数，与试运行所报一致 · how many shops --full closes, as the dry run said, where they are many',
  )
  .option('--faults <file>', '把错误写成 CSV · write the faults to a CSV file')
  .action(async (kind, file, options) =>
    (await import('./import.ts')).importIntoRoster(kind, file, process.stdout, options),
  );

program
  .command('export')
  .description('导出名册或指标 · export a roster or unit indicators, to be imported again')
  .addArgument(rosterKind())
  .argument('<file>', 'a name that ends in .csv or .xlsx')
  .option('--clear-phones', '号码不打码，记入审计 · phone numbers in full; the audit log says so')
  .action(async (kind, file, options) =>
    (await import('./export.ts')).exportFromRoster(kind, file, process.stdout, options),
  );

program
  .command('completeness')
  .description('核对名单 · who vanished from each list since the last frame, lost a number, or got another one')
  .option('--freeze-day <day>', '按这一天冻结 · as a freeze on that day would find it, such as 2026-12-01')
  .option('--round <round>', '已冻结的轮次 · a frozen round instead of the roster')
  .action(async (options) => (await import('./completeness.ts')).completeness(options, process.stdout));

program
  .command('score')
  .description('按考核办法计分 · compute scores from a document')
  .argument('<input>', 'a JSON document with rules and managers')
  .action(async (input) => (await import('./score.ts')).score(input, process.stdout));

program
  .command('verify')
  .description('复核公布的结果 · recompute published results from themselves, and follow their chain')
  .argument('<publication...>', 'publication.json of one month or of several, as the board gives it')
  .action(async (paths) => {
    const { verify } = await import('./verify.ts');
    if (!verify(paths, process.stdout, process.stderr)) process.exitCode = 1;
  });

const draw = program.command('draw').description('抽样 · the draw');
draw
  .command('order')
  .description('按种子排列编号（SATQ1）· order the ids on standard input under a seed')
  .requiredOption('--seed <text>', 'the seed, verbatim')
  .action(async ({ seed }) => (await import('./draw-order.ts')).drawOrder(seed, process.stdin, process.stdout));

draw
  .command('verify')
  .description('复核一次抽样 · replay a draw from its bundle and name everything that differs')
  .argument('<bundle>', "a draw's auditors' bundle (draw.json)")
  .action(async (path) => {
    const { drawVerify } = await import('./draw-verify.ts');
    if (!drawVerify(path, process.stdout, process.stderr)) process.exitCode = 1;
  });

draw
  .command('nonce')
  .description('生成随机数和它的指纹，不联网 · make a nonce and its commitment, offline')
  .action(async () => {
    const [{ drawNonce }, { systemChance }] = await Promise.all([
      import('./draw-nonce.ts'),
      import('../platform/chance.ts'),
    ]);
    drawNonce(systemChance, process.stdout);
  });
draw
  .command('commit')
  .description('代保管人交指纹 · take the commitment of a holder')
  .argument('<round>')
  .argument('<commitment>', 'as huifang draw nonce printed it')
  .requiredOption('--holder <user>', 'whose it is: id or name')
  .action(async (round, commitment, { holder }) =>
    (await import('./draw-round.ts')).drawCommit(round, commitment, holder, process.stdout),
  );
draw
  .command('hand-in')
  .description('代保管人交随机数（标准输入）· take the nonce of a holder, from standard input')
  .argument('<round>')
  .action(async (round) => {
    const { text } = await import('node:stream/consumers');
    await (await import('./draw-round.ts')).drawHandIn(round, (await text(process.stdin)).trim(), process.stdout);
  });
draw
  .command('export')
  .description("导出复算包 · write a draw's bundle: the auditors', or the public one")
  .argument('<round>')
  .option('--public', "counts and hashes, without any retailer's id", false)
  .action(async (round, options) =>
    (await import('./draw-round.ts')).drawExport(round, options.public, process.stdout),
  );

const prompts = program
  .command('prompts')
  .description('交换机播放的录音 · what an exchange of one’s own plays (docs/asterisk.md)');
prompts
  .command('list')
  .description('列出每一句，有无真人录音 · every sentence, and whether a person read it')
  .action(async () => (await import('./prompts.ts')).listPrompts(process.stdout));
prompts
  .command('import')
  .description('导入录音 · take recordings: DIR/zh-CN/A1.wav and so on')
  .argument('<dir>', 'a folder with one folder for each language')
  .action(async (dir) => (await import('./prompts.ts')).importPrompts(dir, process.stdout));
prompts
  .command('render')
  .description('缺的先合成好 · have the speech program say what is missing, before anybody is called')
  .action(async () => (await import('./prompts.ts')).renderPrompts(process.stdout));

const questionnaire = program.command('questionnaire').description('问卷的版本 · versions of the questionnaire');
questionnaire
  .command('check')
  .description('检查一份问卷 · check a questionnaire: every fault, and what to know about it')
  .argument('<file>', 'a JSON file')
  .action(async (file) => (await import('./questionnaire.ts')).checkFile(file, process.stdout));
questionnaire
  .command('publish')
  .description('发布，从此不变 · publish a version for good')
  .argument('<file>', 'a JSON file')
  .action(async (file) => (await import('./questionnaire.ts')).publishFile(file, process.stdout));
questionnaire
  .command('compare')
  .description('两个版本是否可比 · tell whether two versions are comparable')
  .argument('<before>', 'an id, or a JSON file')
  .argument('<after>', 'an id, or a JSON file')
  .action(async (a, b) => (await import('./questionnaire.ts')).compareVersions(a, b, process.stdout));
questionnaire
  .command('export')
  .description('导出一个版本 · write a version as JSON')
  .argument('<id>', 'such as HF-1')
  .action(async (id) => (await import('./questionnaire.ts')).exportVersion(id, process.stdout));

const rules = program.command('rules').description('考核办法 · rule sets (docs/method.md)');
rules
  .command('check')
  .description('检查一份考核办法 · check a rule set: every fault, or what it comes to')
  .argument('<file>', 'a JSON file')
  .action(async (file) => {
    const { checkRules } = await import('./rules.ts');
    if (!checkRules(file, process.stdout, process.stderr)) process.exitCode = 1;
  });
rules
  .command('diff')
  .description('两份考核办法哪里不同 · tell what differs between two rule sets')
  .argument('<before>', 'an id, or a JSON file')
  .argument('<after>', 'an id, or a JSON file')
  .action(async (before, after) => (await import('./rules.ts')).diffRules(before, after, process.stdout));
rules
  .command('what-if')
  .description('按草案重算已公布的各月 · past months under a draft, beside what was published')
  .argument('<draft>', 'a JSON file')
  .argument('[publication...]', 'publication.json of past months (default: those of this installation)')
  .action(async (draft, publications) => (await import('./rules.ts')).whatIfRules(draft, publications, process.stdout));
rules
  .command('publish')
  .description('发布，从此不变 · publish a version for good')
  .argument('<file>', 'a JSON file')
  .action(async (file) => (await import('./rules.ts')).publishRules(file, process.stdout));

program
  .command('try')
  .description(
    '在终端里试一遍问卷 · hold a questionnaire’s conversation in the terminal, and get the test that replays it',
  )
  .argument('[questionnaire]', 'a JSON file (default: the standard one)')
  .option('--sms', 'by the rules of texts instead of the telephone', false)
  .option('--language <language>', 'zh-CN or en', 'zh-CN')
  .option('--manager <name>', 'whom it asks about', '王建国')
  .option('--rotation <digit>', 'the last digit of the ticket: odd asks Q7a, even Q7b', '1')
  .action(async (path, options) =>
    (await import('./try/try.ts')).tryOut(path, options, { input: process.stdin, out: process.stdout }),
  );

program
  .command('texts')
  .description('短信模板及其登记情况 · every text as it is registered with a carrier, and how each stands there')
  .addOption(new Option('--language <language>', 'in which words').choices(['zh-CN', 'en']).default('zh-CN'))
  .action(async ({ language }) => {
    if (!(await (await import('./texts.ts')).listTexts(language, process.stdout))) process.exitCode = 1;
  });

program
  .command('announce')
  .description('本季告知短信：人数、条数、进度 · the quarter’s announcement to every shop: how many, and how far it is')
  .option('--yes', '发送 · send it', false)
  .action(async (options) => (await import('./texts.ts')).announceQuarter(options, process.stdout));

program
  .command('simulate')
  .description('Twilio 兼容的模拟运营商 · a Twilio-compatible carrier with simulated retailers')
  .helpOption(false)
  .allowUnknownOption()
  .argument('[options...]')
  .action(async (_args, _options, command: Command) => (await import('./simulate.ts')).simulate(command.args));

program
  .command('sign-in')
  .description('生成管理员的一次性登录链接 · make a one-time sign-in link for the administrator')
  .action(async () => (await import('./sign-in.ts')).signIn(process.stdout));

program
  .command('opt-out')
  .description('拒访台账 · the opt-out ledger')
  .command('undo')
  .description('零售户要求恢复回访 · a shop that said stop asked to be called again: takes its stops back')
  .argument('<retailer>', '许可证号 · the shop’s id')
  .action(async (retailer) => {
    const [{ inThisInstallation }, { undoOptOut }] = await Promise.all([
      import('./installation.ts'),
      import('./opt-out.ts'),
    ]);
    await inThisInstallation((services) => undoOptOut(services, retailer, process.stdout));
  });

const user = program.command('user').description('用户 · the people who use Huifang');
const withUsers = async (act: (commands: typeof Users, services: Installation) => Promise<void>) => {
  const [{ inThisInstallation }, commands] = await Promise.all([import('./installation.ts'), import('./user.ts')]);
  await inThisInstallation((services) => act(commands, services));
};
user
  .command('list')
  .description('列出用户 · everybody: id, role, name, district, employee number')
  .action(() => withUsers((users, services) => users.listAllUsers(services, process.stdout)));
const about = (command: Command) =>
  command
    .option('--district <district>', '营销部 · id or name: a supervisor needs one, the desk may have one')
    .option('--manager <number>', '工号 · employee number: a manager needs one');
about(user.command('add'))
  .description('新增用户 · add somebody; prints his id and a one-time sign-in link')
  .argument('<name>')
  .requiredOption('--role <role>', 'admin, supervisor, desk, manager or auditor')
  .action((name, options) => withUsers((users, services) => users.addOne(services, name, options, process.stdout)));
about(user.command('change'))
  .description('更改用户 · change somebody; what is not named stays')
  .argument('<user>', 'id or name')
  .option('--name <name>', 'another name')
  .option('--role <role>', 'admin, supervisor, desk, manager or auditor')
  .action((called, options) =>
    withUsers((users, services) => users.changeOne(services, called, options, process.stdout)),
  );
user
  .command('link')
  .description('生成一次性登录链接 · make a one-time sign-in link, to hand over')
  .argument('<user>', 'id or name')
  .action((called) => withUsers((users, services) => users.linkForOne(services, called, process.stdout)));
user
  .command('revoke')
  .description('收回登录 · sign somebody out everywhere')
  .argument('<user>', 'id or name')
  .action((called) => withUsers((users, services) => users.revokeOne(services, called, process.stdout)));

const results = program.command('results').description('一轮的结果 · the results of a round');
results
  .command('export')
  .description('导出个案、拨打记录或汇总 · export cases, attempts or tallies; never ratings by shop')
  .argument('<round>', 'such as 2026-12-R1')
  .argument('<file>', 'a name that ends in .csv or .json')
  .addOption(new Option('--kind <kind>', 'what to export').choices(['cases', 'attempts', 'tallies']).default('tallies'))
  .action(async (round, file, { kind }) =>
    (await import('./results.ts')).exportRoundResults(round, kind, file, process.stdout),
  );

program
  .command('ledger')
  .description('兑现台账 · the ledger of what results promise')
  .command('export')
  .description(
    '导出一个月，供发薪 · a month for the payroll office: every line, sums, and the publication it follows from',
  )
  .argument('<period>', 'such as 2026-12')
  .argument('<file>', 'a name that ends in .csv or .xlsx')
  .action(async (period, file) => {
    const [{ inThisInstallation }, { exportLedger }] = await Promise.all([
      import('./installation.ts'),
      import('./ledger.ts'),
    ]);
    await inThisInstallation((services) => exportLedger(services, period, file, process.stdout));
  });

const apiKey = program.command('api-key').description('API 密钥 · keys of other programs');
apiKey
  .command('create')
  .description('生成密钥，只显示这一次 · make a key, shown this once')
  .requiredOption('--name <text>', 'what it is for')
  .requiredOption('--scopes <list>', 'separated by commas, such as rounds:read,results:read')
  .action(async (options) => (await import('./api-key.ts')).createKey(options, process.stdout));
apiKey
  .command('list')
  .description('列出密钥 · every key there ever was')
  .action(async () => (await import('./api-key.ts')).listAllKeys(process.stdout));
apiKey
  .command('revoke')
  .description('吊销密钥 · end a key')
  .argument('<id>', 'as listed')
  .action(async (id) => (await import('./api-key.ts')).endKey(id, process.stdout));

const webhooks = program.command('webhooks').description('事件推送 · events for other programs (docs/webhooks.md)');
const withWebhooks = async (act: (commands: typeof Webhooks, services: Installation) => Promise<void>) => {
  const [{ inThisInstallation }, commands] = await Promise.all([import('./installation.ts'), import('./webhooks.ts')]);
  await inThisInstallation((services) => act(commands, services));
};
webhooks
  .command('list')
  .description('列出接收地址 · every endpoint: what it wants, what waits for it, what was given up')
  .action(() => withWebhooks((commands, services) => commands.listAll(services, process.stdout)));
webhooks
  .command('add')
  .description('新增接收地址，密钥只显示这一次 · add an endpoint; prints its id and its secret, shown this once')
  .argument('<url>', 'https; http within the company’s own network')
  .option('--types <list>', 'separated by commas (default: all there are)')
  .option('--description <text>', 'whose it is', '')
  .action((url, options) =>
    withWebhooks((commands, services) => commands.addOne(services, url, options, process.stdout)),
  );
webhooks
  .command('rotate')
  .description('换密钥，旧的再用一段时间 · a new secret, shown this once; the one before signs too for a while')
  .argument('<id>', 'as listed')
  .option('--overlap <hours>', '0 where the old one became known to others', '24')
  .action((id, options) =>
    withWebhooks((commands, services) => commands.rotateOne(services, id, options, process.stdout)),
  );
webhooks
  .command('test')
  .description('发一条测试消息 · send a test message')
  .argument('<id>', 'as listed')
  .action((id) => withWebhooks((commands, services) => commands.testOne(services, id, process.stdout)));
webhooks
  .command('replay')
  .description('重发，编号不变 · send events once more, under their own ids')
  .argument('<id>', 'as listed')
  .option('--event <event>', '一个事件 · one event')
  .option(
    '--since <when>',
    '从某时或某事件起的全部 · all since a moment, such as 2026-12-01T00:00:00+08:00, or an event',
  )
  .action((id, options) =>
    withWebhooks((commands, services) => commands.replayTo(services, id, options, process.stdout)),
  );
webhooks
  .command('enable')
  .description('恢复推送 · send to it again, what comes from now on')
  .argument('<id>', 'as listed')
  .action((id) => withWebhooks((commands, services) => commands.switchOne(services, id, true, process.stdout)));
webhooks
  .command('disable')
  .description('停止推送，未送达的作罢 · send nothing to it any more; what waits is given up')
  .argument('<id>', 'as listed')
  .action((id) => withWebhooks((commands, services) => commands.switchOne(services, id, false, process.stdout)));
webhooks
  .command('remove')
  .description('删除接收地址 · forget an endpoint')
  .argument('<id>', 'as listed')
  .action((id) => withWebhooks((commands, services) => commands.removeOne(services, id, process.stdout)));

/** Faults one a line, where and what; never a stack trace for something that is not our defect. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof BadInput) {
    const lines = error.faults.slice(0, mostPrinted).map(({ where, message }) => `  ${where}: ${message}`);
    const more = error.faults.length - lines.length;
    if (more > 0) lines.push(`  … 另有 ${more} 处 · and ${more} more (--faults FILE writes them all)`);
    process.stderr.write(`huifang: ${error.message}\n${lines.join('\n')}\n`);
    return 2;
  }
  if (error instanceof KnownError) {
    process.stderr.write(`huifang: ${error.message}\n`);
    return exitStatus[error.code] ?? 1;
  }
  const known = error as NodeJS.ErrnoException;
  if (known.code === 'EADDRINUSE') {
    process.stderr.write(
      `huifang: PORT ${process.env.PORT ?? 3000} is taken by another program; set PORT to another one. 端口被占用。\n`,
    );
    return 2;
  }
  process.stderr.write(`huifang: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
}

const mostPrinted = 100;

/** What was refused for the way it was asked for, rather than for what went wrong. */
const exitStatus: Readonly<Record<string, number>> = { 'not-the-demos': 2, 'other-arguments': 2 };

// Whoever reads our output may have seen enough: `… | head -1`. What is under way is finished all the same, and closes
// what it opened.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });

if (existsSync('.env')) process.loadEnvFile('.env');
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
