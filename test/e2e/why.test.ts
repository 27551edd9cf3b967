/** For objects that were not processed, each for a reason of its own, one question names the reason. */
import './why/reasons.ts'
import './why/views.ts'
