// upload.mjs <name> <folder> <file>...: uploads files of a folder, prints id,
// size and digest.
import { DefaultArtifactClient } from '@actions/artifact'
import { join } from 'node:path'

const [name, folder, ...files] = process.argv.slice(2)
const made = await new DefaultArtifactClient().uploadArtifact(name, files.map(f => join(folder, f)), folder)
console.log(JSON.stringify(made))
