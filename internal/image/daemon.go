package image

import (
	"fmt"

	"github.com/moby/moby/client"
)

// daemon opens an image of the local daemon. It gives an image only as one archive,
// which is kept in a temporary file that Close removes.
func (o *opener) daemon(ref Reference) error {
	host := o.DockerHost
	if host == "" {
		host = client.DefaultDockerHost
	}
	c, err := client.New(client.WithHost(host))
	if err != nil {
		return fmt.Errorf("got the docker host %q: %w", host, err)
	}
	o.source.closers = append(o.source.closers, c)
	found, err := c.ImageInspect(o.ctx, ref.Name)
	if err != nil {
		return fmt.Errorf("asking the docker daemon at %s: %w", host, err)
	}
	// By its id: the name may be another's meanwhile.
	stream, err := c.ImageSave(o.ctx, []string{found.ID})
	if err != nil {
		return fmt.Errorf("asking the docker daemon at %s: %w", host, err)
	}
	defer func() { _ = stream.Close() }()
	file, err := o.temporary(stream)
	if err != nil {
		return err
	}
	a, err := indexed(file)
	if err != nil {
		return err
	}
	if err := o.fromSaved(a, Reference{Transport: DockerDaemon, Name: ref.Name}); err != nil {
		return err
	}
	o.source.RepoTags, o.source.RepoDigests = found.RepoTags, found.RepoDigests
	return nil
}
