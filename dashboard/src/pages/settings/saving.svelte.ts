/** One change of a tenant's settings on its way: busy, refused, or there. */
import { type Failure, failureOf } from '../../lib/failure';
import { toast } from '../../lib/toast.svelte';
import { type Change, changeTenant } from './admin';

export function saving(done: () => void) {
  let busy = $state(false);
  let failure = $state.raw<Failure | null>(null);

  return {
    get busy() {
      return busy;
    },
    get failure() {
      return failure;
    },
    /** True when it is saved. */
    async save(tenant: string, change: Change): Promise<boolean> {
      busy = true;
      failure = null;
      try {
        await changeTenant(tenant, change);
        toast('Saved: it holds at once');
        done();
        return true;
      } catch (error) {
        failure = failureOf(error);
        return false;
      } finally {
        busy = false;
      }
    },
  };
}
