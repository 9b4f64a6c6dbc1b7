import './second.css'
import { mark } from './shared.js'

mark('mark-second')
