p='/work/main/chapters/14_cyclegan.py'; s=open(p).read()
def rep(a,b,n=1):
    global s
    assert s.count(a)==n,(a,s.count(a)); s=s.replace(a,b)
def read(after,b):
    global s
    i=s.index(after); j=s.index('# READ\n',i); s=s[:j]+b+s[j+len('# READ\n'):]
def alt(before,b):
    global s
    j=s.index(before); i=s.rindex('alt="ALT"',0,j); s=s[:i]+f'alt="{b}"'+s[i+len('alt="ALT"'):]
rep('# | Result | results follow |','# | Result | 80 %<!-- to_pullover_percent --> of the T-shirts become pullovers for a classifier, and 87 %<!-- to_shirt_percent --> of the pullovers T-shirts, while their print and shade are kept |')
rep('''# Suppose that you want to turn photographs of horses into photographs of zebras. A network could learn this from pairs: the same animal, in the same pose, once with stripes and once without. Nobody has such pairs. What we do have are many photographs of horses and many of zebras, which have nothing to do with each other. CycleGAN (Zhu et al., 2017) learns the translation from these two heaps (*transformación del dominio*).
#
# In this chapter we build it for Fashion-MNIST, and set it two tasks. In the first one the right answer is known, so that we can measure how close it comes: outlines are to be filled in, and garments reduced to their outlines. The second is of the kind on the slides: T-shirts are to become pullovers and pullovers T-shirts, so sleeves have to appear and disappear while the rest is kept. Then we take the method apart and look at what can go wrong.
''','''# Suppose that you want to turn photographs of horses into photographs of zebras. A network could learn this from pairs: the same animal, in the same pose, once with stripes and once without. Nobody has such pairs. What we do have are many photographs of horses and many of zebras, which have nothing to do with each other. CycleGAN (Zhu et al., 2017) learns the translation from these two collections (*transformación del dominio*).
#
# In this chapter we build it for Fashion-MNIST and give it two tasks. In the first one the right answer is known, so that we can measure how close it comes: outlines are to be filled in, and garments reduced to their outlines. The second task is of the kind on the slides: T-shirts are to become pullovers and pullovers T-shirts, so that sleeves have to appear and disappear while the rest is kept. Then we take the method apart, and we will see it fail in two ways that its loss does not show.
''')
rep('''# The first is the least-squares loss for GANs''','''# The first term is the least-squares loss for GANs''')
rep('''The last term says that a translator need not change what is in the target domain already: a pullover given to $G$ should come out as it is.''','''The last term says that a translator need not change what is in the target domain already: a pullover given to $G$ should come out as it is. The authors use it for some of their tasks, with a weight of 5<!-- setting -->. We take 1<!-- setting -->, because in short trials (one each) more T-shirts became pullovers with it, and come back to this weight at the end.''')
rep('''so that pixels which need not change can be passed on. It normalizes''','''so that pixels which need not change can be passed on. (The argument `start` is for the last section.) A translator normalizes''')
rep('''in Keras this is group normalization with one feature a group.''','''in Keras this is group normalization with one feature in each group.''')
rep('''A discriminator consists of convolutions only. It gives a value for each of 7 by 7 overlapping patches of the image, and its loss is the mean over these.''','''A discriminator consists of convolutions only. It gives a value for each of 7 by 7 overlapping patches of the image, and its loss is the mean over these. So it judges textures and edges rather than the whole garment.''')
rep('''This is meant to keep the two players from chasing each other. (In chapter 10 something similar did not help. We test it below.)''','''This is meant to keep the two players from chasing each other. We test below whether it helps.''')
rep('''# We train both translators on the unpaired halves: outlines of some images, and other images.
''','''# We train both translators on the unpaired halves: the outlines of some images, and other images as they are.
''')
read('title="Validation images; the first and the fourth row belong together"','''# The outlines are filled in with gray, but often with the wrong one: the boots of the third and sixth column and the last top should be bright, and come out dark. The mean absolute error of 0.156<!-- known_answer_mae --> is smaller than that of the mean garment (0.232<!-- known_answer_mean_mae -->), and four times that of the network that was trained on pairs (0.039<!-- known_answer_supervised_mae -->). So the information is there. A bright garment before a black background has a bright outline, and the third row shows that a network can learn this. Nothing in CycleGAN's loss asks for it, as long as the filled garments look like garments.
#
# The other direction shows what the loss does ask for. The fifth row should show outlines, which are black inside. Most of ours have a gray filling with a pattern of dots. Yet the way back, in the last row, gives each garment its own shade, with an error of only 0.024<!-- back_from_translation_mae -->, while the true outlines led to 0.156<!-- known_answer_mae -->. The two translators have agreed on a code: what a real outline does not say in their way, the dots and the filling do. The cycle loss is small because of this, and not because the translations are right.
''')
read('title="Validation images, their translations, and the way back"','''# Sleeves appear and disappear, and prints, shades and necklines stay. 80 %<!-- to_pullover_percent --> of the T-shirts and 87 %<!-- to_shirt_percent --> of the pullovers pass as garments of the other class, compared with 92 %<!-- real_pullovers_percent --> and 93 %<!-- real_shirts_percent --> of the real ones. (The classifier was trained on these real ones, too. On test images, which it has not seen, the translations pass in similar shares; see the end of the chapter.) A translation changes a garment by 0.120<!-- change_mae --> per pixel on average, which is less than half of the difference between a random T-shirt and a random pullover (0.270<!-- random_pair_mae -->).
#
# Not all is well. The sleeves often hang at some distance from the body like separate strips. Several T-shirts in the fifth row keep faint remains of their sleeves. And in the second column there was no pullover in the usual pose, and the network could do little with it.
''')
rep('''# HIDDEN
''','''# In the figure above, each pullover gets its sleeves back with the right length and shade, although they are missing in the T-shirt between. How does $G$ know? With the outlines we have seen a code of visible dots. Chu, Zhmoginov and Sandler (2017) found that CycleGAN can hide such a code in faint details that nobody notices. A hidden code is fragile: a little noise on the translation destroys it, and the way back should fail. We add noise of different strengths to translations, and measure how much the output of the next translator changes. Noise disturbs any image a little, so we need a control: the same noise on real T-shirts and pullovers, in which nothing is hidden.
''')
read('title="Mean change of a translator','''# The solid lines lie below the dashed ones. So the translators do not react more to noise in translations than to noise in real images, and we find no sign of a hidden code in this training. This does not prove that there is none: the measure is a mean over all pixels, and a code might be robust against noise.
''')
rep('''# We leave out the cycle loss, the identity loss and the pool, one at a time, and train each variant with two seeds, for fewer steps than above.
''','''# We leave out the cycle loss, the identity loss and the pool, one at a time, and train each variant with two seeds, for fewer steps than above. So the shares are lower than before, and should be compared with each other only.
''')
read('title="T-shirts as pullovers, by the variants','''# ABLATION
''')
rep('''# SECOND
''','''# The loss asks that translations look like the target domain and that the way back succeeds. More than one pair of translators may satisfy it. Moriakov et al. (2020) point out that this happens whenever a domain can be mapped to itself without loss. Take the negative of each garment: dark ones become bright, and bright ones dark. If $G$ makes pullovers with the negative shade, and $F$ takes the negative again, then the round trips are perfect, and there are dark and bright pullovers in the data, so that the discriminator need not mind either. Which of the two solutions does the training find?
#
# Up to now it began with small random weights, and with neither. We now let the last layer of both translators begin with the negative of the input (`start=-1`), and train as before: without the identity loss, with the weight that we have used, and with that of the authors.
''')
read('title="T-shirts as pullovers and back, after','''# NEGATIVE
''')
open(p,'w').write(s)
