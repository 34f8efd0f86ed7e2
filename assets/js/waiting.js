//! The waiting page: where those inside read another name than one's own, as before a first visit to a room, it knocks anew.

import { keptName, showName, shownToServer } from './ownname.js';

const address = new URL(location.href);
const name = keptName();
if (name !== '' && (address.searchParams.get('name') ?? shownToServer()) !== name) {
  showName(name);
  // Without cookies the address has to say it.
  if (shownToServer() === name) address.searchParams.delete('name');
  else address.searchParams.set('name', name);
  location.replace(address);
}
