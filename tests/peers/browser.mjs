// Chromium in front of the gateway: a person logs in, calls, is asked again, logs out; several tabs at once.
//   node browser.mjs FOLDER_OF_NODE_MODULES ORIGIN PROFILE
// One line for each step; ends with 1 and a line "failed: ..." at the first that does not hold.
import {createRequire} from 'node:module';

const [modules, origin, profile] = process.argv.slice(2);
const {chromium} = createRequire(modules + '/')('playwright-core');
const context = await chromium.launchPersistentContext(profile, {
  executablePath: '/usr/bin/chromium', headless: true, ignoreHTTPSErrors: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync']
});

function require(holds, what) {
  if (!holds) throw new Error(what);
}
const call = (page, path, init = {}) => page.evaluate(async ([path, init]) => {
  const answer = await fetch(path, init);
  return {status: answer.status, text: await answer.text()};
}, [path, init]);

// The provider's own pages: a form for the name, one to agree.
async function logIn(page, name) {
  await page.fill('input[name=login]', name);
  await page.fill('input[name=password]', 'any');
  await Promise.all([page.waitForNavigation(), page.click('button[type=submit]')]);
  for (let i = 0; i < 3 && !page.url().startsWith(origin); ++i)
    await Promise.all([page.waitForNavigation(), page.click('button[type=submit]')]);
}

const steps = {
  async 'a page leads to the login and back'() {
    const page = await context.newPage();
    await page.goto(`${origin}/orders`);
    require(page.url().includes('/interaction/'), `it is at ${page.url()}`);
    await logIn(page, 'alice');
    require(page.url() === `${origin}/orders`, `it is back at ${page.url()}`);
    require((await page.textContent('body')).includes('orders of alice'), 'the page is not shown');
    const cookies = (await context.cookies(origin)).filter(cookie => cookie.name.startsWith('__Host-'));
    require(cookies.length === 1, `cookies: ${cookies.map(cookie => cookie.name)}`);
    const [cookie] = cookies;
    require(cookie.httpOnly && cookie.secure && cookie.sameSite === 'Lax' && cookie.path === '/', 'the cookie is not safe');
    require(await page.evaluate(() => document.cookie) === '', 'a script can read the cookie');
  },
  async 'calls of scripts, in four tabs at once'() {
    const pages = [context.pages().at(-1)];
    while (pages.length < 4) {
      pages.push(await context.newPage());
      await pages.at(-1).goto(`${origin}/orders`);
    }
    const answers = await Promise.all(pages.flatMap(page => Array.from({length: 10}, () => call(page, '/orders', {method: 'POST'}))));
    require(answers.every(answer => answer.status === 200), `statuses ${answers.map(answer => answer.status)}`);
  },
  async 'the back button after the login'() {
    const page = context.pages().at(-1);
    await page.goto(`${origin}/home`);
    await page.goBack();
    require(page.url() === `${origin}/orders`, `it is at ${page.url()}`);
  },
  async 'another site can send nothing'() {
    const page = await context.newPage();
    await page.goto(origin.replace('localhost', '127.0.0.1') + '/home');
    const status = await page.evaluate(async url => {
      try {
        await fetch(url, {method: 'POST', credentials: 'include', mode: 'no-cors'});
      } catch { return 'refused'; }
      return 'sent';
    }, `${origin}/count`);
    console.log(`note ${status}`);
    const [counted] = await Promise.all([call(context.pages()[1], '/count')]);
    require(counted.text === '0', `counted ${counted.text}`);
    await page.close();
  },
  async 'calls go on over the end of the access token'() {
    const page = context.pages().at(-1);
    const until = Date.now() + 15000;
    while (Date.now() < until) {
      const answers = await Promise.all([1, 2, 3].map(() => call(page, '/orders', {method: 'POST'})));
      require(answers.every(answer => answer.status === 200), `statuses ${answers.map(answer => answer.status)}`);
      await page.waitForTimeout(500);
    }
  },
  async 'step-up: a recent login is asked for, and remembered'() {
    const page = context.pages().at(-1);
    require((await call(page, '/payment')).status === 401, 'a script is not challenged');
    await page.goto(`${origin}/payment`);
    require(page.url().includes('/interaction/'), `it is at ${page.url()}`);
    await logIn(page, 'alice');
    require(page.url() === `${origin}/payment`, `it is back at ${page.url()}`);
    require((await call(page, '/payment')).status === 200, 'the login was not recent enough');
  },
  async 'logging out: here, and at the provider'() {
    const page = context.pages().at(-1);
    await page.goto(`${origin}/home`);
    await page.evaluate(() => {
      const form = document.createElement('form');
      form.method = 'post';
      form.action = '/auth/logout';
      document.body.append(form);
      form.submit();
    });
    await page.waitForURL(url => url.pathname.startsWith('/session/end'), {timeout: 5000}).catch(async () => { throw new Error('it is at ' + page.url() + ' ' + (await page.textContent('body')).slice(0, 200)); });
    await Promise.all([page.waitForURL(`${origin}/home`), page.click('button[type=submit][value=yes]')]);
    for (const other of context.pages().filter(one => one.url().startsWith(origin)))
      require((await call(other, '/orders')).status === 401, 'a tab is still logged in');
    await page.goto(`${origin}/orders`);
    require(page.url().includes('/interaction/'), 'nobody is asked who it is');
  }
};

let code = 0;
for (const [name, step] of Object.entries(steps)) {
  try {
    await step();
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`failed: ${name}: ${error.message.split('\n')[0]}`);
    code = 1;
    break;
  }
}
await context.close();
process.exit(code);
