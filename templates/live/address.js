// An address as it is printed on a terminal holds the key: it is taken out of the browser's own
// line and history as soon as the page is there. From then on the cookie opens the pages.

const address = new URL(location.href);
if (address.searchParams.has("token")) {
  address.searchParams.delete("token");
  history.replaceState(history.state, "", address);
}

export {};
