// The round page refreshes itself: every two seconds its content is fetched anew, as the server wrote it, and swapped
// in. It rests while nobody looks, keeps what was opened open, and without it the page says everything all the same.
const live = document.querySelector('[data-live]');
const lost = document.getElementById('lost');
const every = 2000;
let shown = null;
let timer = 0;

async function refresh() {
  let over = false;
  try {
    const response = await fetch(live.dataset.live, { headers: { Accept: 'text/html' }, redirect: 'manual' });
    // Signed out, or not allowed any more: the page itself says so.
    if (response.type === 'opaqueredirect' || response.status === 403) return location.reload();
    if (!response.ok) throw new Error(String(response.status));
    over = response.headers.has('Live-Over');
    swap(await response.text());
    lost.hidden = true;
  } catch {
    lost.hidden = false;
  }
  if (!over) wait();
}

function wait() {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(refresh, every);
}

function swap(content) {
  // Somebody is copying something out of it.
  const selection = getSelection();
  if (content === shown || (selection && !selection.isCollapsed && live.contains(selection.anchorNode))) return;
  const opened = [...live.querySelectorAll('details[open][id]')].map((details) => details.id);
  const focused = live.contains(document.activeElement) ? document.activeElement.closest('details')?.id : undefined;
  live.innerHTML = content;
  shown = content;
  for (const id of opened) document.getElementById(id)?.setAttribute('open', '');
  if (focused) document.getElementById(focused)?.querySelector('summary')?.focus({ preventScroll: true });
}

if (live) {
  document.addEventListener('visibilitychange', () => (document.hidden ? clearTimeout(timer) : refresh()));
  wait();
}

const print = document.querySelector('button.print');
if (print) {
  print.hidden = false;
  print.addEventListener('click', () => window.print());
}

// A menu closes once somebody looks elsewhere; without this it closes where it was opened.
const menus = [...document.querySelectorAll('details.menu')];
const closeMenus = (except) => {
  for (const menu of menus) if (menu !== except) menu.open = false;
};
document.addEventListener('click', ({ target }) => closeMenus(menus.find((menu) => menu.contains(target))));
document.addEventListener('keydown', ({ key }) => {
  if (key !== 'Escape') return;
  const open = menus.find((menu) => menu.open);
  closeMenus();
  open?.querySelector('summary').focus();
});
