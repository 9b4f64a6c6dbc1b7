// download.mjs <name> <folder>: downloads an artifact, prints what was listed.
import { DefaultArtifactClient } from '@actions/artifact'

const [name, path] = process.argv.slice(2)
const client = new DefaultArtifactClient()
const { artifact } = await client.getArtifact(name)
const { digestMismatch } = await client.downloadArtifact(artifact.id, { path, expectedHash: artifact.digest })
if (digestMismatch) throw new Error('the digest is not the one listed')
console.log(JSON.stringify(artifact))
