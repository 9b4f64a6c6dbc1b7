package sign

// Transient is what KMSs of all kinds are judged by, two of which no test has.
var Transient = transient
