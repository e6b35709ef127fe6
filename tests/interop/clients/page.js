// What the pages here use of other people's code, bundled for a browser: tests call these by their global names.

import { fetchEventSource } from '@microsoft/fetch-event-source';
import Uppy from '@uppy/core';
import Tus from '@uppy/tus';

Object.assign(globalThis, { fetchEventSource, Uppy, Tus });
