import './polyfills/observable';
