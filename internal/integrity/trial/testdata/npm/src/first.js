import './first.css'
import { mark } from './shared.js'

mark('mark-first')
